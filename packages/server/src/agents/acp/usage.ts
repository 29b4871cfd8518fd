import type { TurnUsage } from "../adapter.js";
import { isRecord } from "../json-rpc.js";

const count = (value: unknown) => (typeof value === "number" && value > 0 ? BigInt(Math.trunc(value)) : 0n);

/**
 * The token figures of a prompt's answer. They are a draft of the protocol: agents that have them send them as `usage`.
 */
export function turnUsageOf(response: unknown): TurnUsage | undefined {
  if (!isRecord(response) || !isRecord(response.usage)) return undefined;
  const { usage } = response;
  return {
    inputTokens: count(usage.inputTokens),
    outputTokens: count(usage.outputTokens),
    cacheReadTokens: count(usage.cachedReadTokens),
    cacheWriteTokens: count(usage.cachedWriteTokens),
    reasoningTokens: count(usage.thoughtTokens),
  };
}
