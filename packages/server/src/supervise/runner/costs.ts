import { create } from "@bufbuild/protobuf";
import { CostBasis, type Usage, UsageSchema } from "@stratavore/proto";
import type { CumulativeCost, TurnUsage } from "../../agents/adapter.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { CostAccount } from "./memory.js";

/** Takes a cumulative report into the account. A sum that fell has begun anew, as after a restart of the agent. */
export function noteCost(account: CostAccount, cost: CumulativeCost): void {
  const before = BigInt(account.reported);
  const more = cost.nanos >= before ? cost.nanos - before : cost.nanos;
  account.reported = String(cost.nanos);
  account.unbooked = String(BigInt(account.unbooked) + more);
  account.currency = cost.currency;
}

/** Takes in what a turn that goes on has used. */
export function noteUsed(account: CostAccount, usage: TurnUsage): void {
  const known = account.used ?? {};
  const sum = (name: TokenClass) => String(BigInt(known[name] ?? 0) + usage[name]);
  account.used = Object.fromEntries(tokenClasses.map((name) => [name, sum(name)]));
}

const tokenClasses = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
] as const;

type TokenClass = (typeof tokenClasses)[number];

function usedSoFar({ used }: CostAccount): TurnUsage | undefined {
  if (used === undefined) return undefined;
  const count = (name: TokenClass) => BigInt(used[name] ?? 0);
  return Object.fromEntries(tokenClasses.map((name) => [name, count(name)])) as Record<TokenClass, bigint>;
}

/** What a turn used: its tokens, else those that it was known to use, and all of the account that is not booked yet. */
export function bookTurn(account: CostAccount, told: TurnUsage | undefined): Usage {
  const soFar = usedSoFar(account);
  delete account.used;
  const tokens = told ?? soFar;
  const { cost, ...figures } = tokens ?? {};
  const costNanos = BigInt(account.unbooked) + (cost?.nanos ?? 0n);
  account.unbooked = "0";
  if (cost !== undefined) account.currency = cost.currency;
  // An agent that tells the cost with the end of a turn has not told this one's.
  if (told === undefined && soFar !== undefined && costNanos === 0n) {
    return create(UsageSchema, { ...figures, costBasis: CostBasis.UNKNOWN });
  }
  const basis = tokens === undefined ? CostBasis.UNSPECIFIED : CostBasis.UNKNOWN;
  return create(UsageSchema, {
    ...figures,
    costNanos,
    currency: account.currency,
    costBasis: account.currency === "" ? basis : basisOf(cost),
  });
}

const basisOf = (cost: TurnUsage["cost"]) =>
  cost?.basis === "api_equivalent" ? CostBasis.API_EQUIVALENT : CostBasis.REPORTED;

/** What goes on in the background was begun by whoever spoke last. */
export const personIn = (tx: Transaction, session: SessionRow): string =>
  tx.turns.latest(session.id)?.createdBy ?? tx.runners.byId(session.runnerId)?.createdBy ?? "";
