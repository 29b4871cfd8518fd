import { create } from "@bufbuild/protobuf";
import { CostBasis, type Usage, UsageSchema } from "@stratavore/proto";
import type { CumulativeCost, TurnUsage } from "../../agents/adapter.js";
import type { CostAccount } from "./memory.js";

/** Takes a cumulative report into the account. A sum that fell has begun anew, as after a restart of the agent. */
export function noteCost(account: CostAccount, cost: CumulativeCost): void {
  const before = BigInt(account.reported);
  const more = cost.nanos >= before ? cost.nanos - before : cost.nanos;
  account.reported = String(cost.nanos);
  account.unbooked = String(BigInt(account.unbooked) + more);
  account.currency = cost.currency;
}

/** What a turn used: its tokens, and all of the account that is not booked yet. */
export function bookTurn(account: CostAccount, tokens: TurnUsage | undefined): Usage {
  const { cost, ...figures } = tokens ?? {};
  const costNanos = BigInt(account.unbooked) + (cost?.nanos ?? 0n);
  account.unbooked = "0";
  if (cost !== undefined) account.currency = cost.currency;
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
