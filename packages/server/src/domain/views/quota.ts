import { toBinary } from "@bufbuild/protobuf";
import { type ResourceQuota, ResourceQuotaSchema } from "@stratavore/proto";
import { readStored } from "./read-stored.js";

export const quotaOf = (stored: Uint8Array | null): ResourceQuota | undefined =>
  stored === null ? undefined : readStored(ResourceQuotaSchema, stored);

export const storedQuota = (quota: ResourceQuota | undefined): Uint8Array | null =>
  quota === undefined ? null : toBinary(ResourceQuotaSchema, quota);
