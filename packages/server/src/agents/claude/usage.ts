import type { TurnUsage } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { countIn, recordIn, recordsIn } from "../read.js";
import { modelIn } from "./models.js";
import type { ClaudeState } from "./state.js";

const nanosPerDollar = 1e9;

type Result = Record<string, unknown>;

/**
 * What was used since the last result. Newer versions tell it by model, with all that was not part of the answer; older
 * ones tell the tokens of the turn, and the cost as a sum.
 */
export function usageOf(state: ClaudeState, result: Result): TurnUsage {
  const since = result.model_usage_since_last_result;
  const spent = spentSince(state, result);
  if (!isRecord(since)) return { ...ofTurn(recordIn(result.usage)), ...costOf(state, spent) };
  const models = recordsIn(Object.values(since));
  const sum = (name: string) => models.reduce((total, each) => total + countIn(each[name]), 0n);
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cacheReadTokens: sum("cacheReadInputTokens"),
    cacheWriteTokens: sum("cacheCreationInputTokens"),
    reasoningTokens: sum("thinkingTokens"),
    ...costOf(
      state,
      models.reduce((total, { costUSD }) => total + dollarsIn(costUSD), 0),
    ),
  };
}

const dollarsIn = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;

/** The part of the reported sum that is new; a sum that fell has begun anew. */
function spentSince(state: ClaudeState, { total_cost_usd: total }: Result): number | undefined {
  if (typeof total !== "number") return undefined;
  const now = dollarsIn(total);
  const before = state.reportedCost;
  state.reportedCost = now;
  if (before === undefined) return undefined;
  return now >= before ? now - before : now;
}

function costOf({ isSubscribed }: ClaudeState, dollars: number | undefined): Pick<TurnUsage, "cost"> {
  if (dollars === undefined) return {};
  const basis = isSubscribed ? "api_equivalent" : "reported";
  return { cost: { nanos: countIn(Math.round(dollars * nanosPerDollar)), currency: "USD", basis } };
}

function ofTurn(usage: Record<string, unknown>): TurnUsage {
  return {
    inputTokens: countIn(usage.input_tokens),
    outputTokens: countIn(usage.output_tokens),
    cacheReadTokens: countIn(usage.cache_read_input_tokens),
    cacheWriteTokens: countIn(usage.cache_creation_input_tokens),
    reasoningTokens: countIn(recordIn(usage.output_tokens_details).thinking_tokens),
  };
}

/** How much the model takes in at a time; 0: not known. */
export function windowIn({ model }: ClaudeState, { modelUsage }: Result): bigint {
  const models = Object.entries(recordIn(modelUsage));
  const running = models.find(([name]) => modelIn(name) === model) ?? models[0];
  return countIn(recordIn(running?.[1]).contextWindow);
}
