import { type Budget, Budget_Scope, type Usage } from "@stratavore/proto";
import type { ProjectRow, Reads, UsageSum } from "../../store/index.js";
import { dayOf } from "../utc-day.js";
import { configOf } from "../views/project.js";
import { countedTokens } from "../views/usage.js";

const { TURN, RUNNER, DAY } = Budget_Scope;

/** What counts against a budget. */
export interface Spending {
  /** Input, output and cache writes. */
  tokens: bigint;
  /** In billionths of the budget's currency, whatever the basis. */
  nanos: bigint;
}

export const budgetsOf = (project: ProjectRow): readonly Budget[] => configOf(project)?.budgets ?? [];

export const currencyOf = ({ currency }: Budget): string => currency || "USD";

export const spendingOf = (usage: Usage, budget: Budget): Spending => ({
  tokens: countedTokens(usage),
  nanos: usage.currency === currencyOf(budget) ? usage.costNanos : 0n,
});

const sumOf = (sum: UsageSum, budget: Budget): Spending => ({
  tokens: sum.inputTokens + sum.outputTokens + sum.cacheWriteTokens,
  nanos: sum.costs
    .filter(({ currency }) => currency === currencyOf(budget))
    .reduce((total, { nanos }) => total + nanos, 0n),
});

/** What is booked against a budget of a runner or day; nothing for one of a turn, which is booked when it is over. */
export function booked(
  reads: Pick<Reads, "usage">,
  budget: Budget,
  { projectUid, runnerId }: { projectUid: string; runnerId: string | undefined },
  now: number,
): Spending {
  switch (budget.scope) {
    case RUNNER:
      if (runnerId === undefined) break;
      return sumOf(reads.usage.ofRunnerEver(runnerId), budget);
    case DAY:
      return sumOf(reads.usage.today(projectUid, dayOf(now)), budget);
  }
  return { tokens: 0n, nanos: 0n };
}

export const plus = (one: Spending, other: Spending): Spending => ({
  tokens: one.tokens + other.tokens,
  nanos: one.nanos + other.nanos,
});

export const minus = (one: Spending, other: Spending): Spending => ({
  tokens: one.tokens - other.tokens,
  nanos: one.nanos - other.nanos,
});

/** 0: below all, 1: at the warning level, 2: at the limit. */
export function levelOf(budget: Budget, { tokens, nanos }: Spending): 0 | 1 | 2 {
  const reached = (percent: bigint) =>
    (budget.maxTokens > 0n && tokens * 100n >= budget.maxTokens * percent) ||
    (budget.maxCostNanos > 0n && nanos * 100n >= budget.maxCostNanos * percent);
  if (reached(100n)) return 2;
  return budget.warnPercent > 0 && reached(BigInt(budget.warnPercent)) ? 1 : 0;
}

const money = (nanos: bigint): string => (Number(nanos) / 1e9).toFixed(9).replace(/(\.\d\d\d*?)0+$/, "$1");

/** A budget in words: `budget of 1000 tokens or 0.50 USD a runner`. */
export function budgetText(budget: Budget): string {
  const limits = [
    ...(budget.maxTokens > 0n ? [`${budget.maxTokens} tokens`] : []),
    ...(budget.maxCostNanos > 0n ? [`${money(budget.maxCostNanos)} ${currencyOf(budget)}`] : []),
  ];
  return `budget of ${limits.join(" or ")} ${{ [TURN]: "a turn", [RUNNER]: "a runner", [DAY]: "a day" }[budget.scope as 1]}`;
}

/** Spending in words, as far as the budget is about it. */
export function spendingText(budget: Budget, { tokens, nanos }: Spending): string {
  return [
    ...(budget.maxTokens > 0n ? [`${tokens} tokens`] : []),
    ...(budget.maxCostNanos > 0n ? [`${money(nanos)} ${currencyOf(budget)}`] : []),
  ].join(" and ");
}
