import { create, toBinary } from "@bufbuild/protobuf";
import { type Usage, UsageSchema } from "@stratavore/proto";
import { readStored } from "./read-stored.js";

export const emptyUsage = (): Usage => create(UsageSchema);

export const usageOf = (stored: Uint8Array | null): Usage | undefined =>
  stored === null ? undefined : readStored(UsageSchema, stored);

export const storedUsage = (usage: Usage): Uint8Array => toBinary(UsageSchema, usage);

/** The tokens that count against limits: input, output and cache writes. */
export const countedTokens = (usage: Usage): bigint =>
  usage.inputTokens + usage.outputTokens + usage.cacheWriteTokens;
