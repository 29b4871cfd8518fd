import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ResourceQuota, ResourceQuotaSchema } from "@stratavore/proto";

export const quotaOf = (stored: Uint8Array | null): ResourceQuota | undefined =>
  stored === null ? undefined : fromBinary(ResourceQuotaSchema, stored);

export const storedQuota = (quota: ResourceQuota | undefined): Uint8Array | null =>
  quota === undefined ? null : toBinary(ResourceQuotaSchema, quota);
