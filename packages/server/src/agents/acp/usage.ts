import type { TurnUsage } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { countIn } from "../read.js";

/**
 * The token figures of a prompt's answer. They are a draft of the protocol: agents that have them send them as `usage`.
 */
export function turnUsageOf(usage: unknown): TurnUsage | undefined {
  if (!isRecord(usage)) return undefined;
  return {
    inputTokens: countIn(usage.inputTokens),
    outputTokens: countIn(usage.outputTokens),
    cacheReadTokens: countIn(usage.cachedReadTokens),
    cacheWriteTokens: countIn(usage.cachedWriteTokens),
    reasoningTokens: countIn(usage.thoughtTokens),
  };
}
