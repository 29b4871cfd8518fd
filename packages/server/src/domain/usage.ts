import { clone } from "@bufbuild/protobuf";
import { CostBasis, type Usage, UsageSchema } from "@stratavore/proto";
import type { SessionRow, Transaction } from "../store/index.js";
import { type Unbooked, usageSpent } from "./budgets/crossed.js";
import { tokensUsed } from "./token-quota.js";
import { dayOf } from "./utc-day.js";
import { countedTokens, emptyUsage, storedUsage, usageOf } from "./views/usage.js";

/** Adds what was spent. Context figures are occupancies: the newer one stands. */
function sum(before: Usage, more: Usage): Usage {
  const total = clone(UsageSchema, before);
  total.inputTokens += more.inputTokens;
  total.outputTokens += more.outputTokens;
  total.cacheReadTokens += more.cacheReadTokens;
  total.cacheWriteTokens += more.cacheWriteTokens;
  total.reasoningTokens += more.reasoningTokens;
  // There is one currency: what was spent in another one is in the ledger alone.
  if (total.currency === "" || more.currency === "" || more.currency === total.currency) {
    total.costNanos += more.costNanos;
    if (more.currency !== "" || total.currency === "") total.costBasis = more.costBasis || total.costBasis;
    if (more.currency !== "") total.currency = more.currency;
  }
  if (more.contextTokens > 0n) total.contextTokens = more.contextTokens;
  if (more.contextWindow > 0n) total.contextWindow = more.contextWindow;
  return total;
}

/** Adds what a person has used to the session, its runner and the project's day: the UTC day on which it became known. */
export function addUsage(
  tx: Transaction,
  session: SessionRow,
  usage: Usage,
  person: string,
  of: { isTurn: boolean; told?: Unbooked | undefined } = { isTurn: false },
): void {
  const counted = countedTokens(usage);
  const now = tx.sessions.byId(session.id)!;
  tx.sessions.update(session.id, {
    usage: storedUsage(sum(usageOf(now.usage) ?? emptyUsage(), usage)),
    tokenCount: now.tokenCount + counted,
  });
  const runner = tx.runners.byId(session.runnerId);
  if (runner !== undefined) {
    tx.runners.update(runner.id, {
      usage: storedUsage(sum(usageOf(runner.usage) ?? emptyUsage(), usage)),
      tokensUsed: runner.tokensUsed + counted,
    });
  }
  if (counted === 0n && usage.cacheReadTokens === 0n && usage.costNanos === 0n) return;
  const at = Date.now();
  tx.usage.add({
    projectUid: session.projectUid,
    day: dayOf(at),
    runnerId: session.runnerId,
    sessionId: session.id,
    model: now.model,
    person,
    projectName: session.projectName,
    costBasis: usage.costBasis,
    currency: usage.currency,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    reasoningTokens: usage.reasoningTokens,
    costNanos: usage.costNanos,
  });
  tokensUsed(tx, session, counted, at);
  usageSpent(tx, session, usage, at, of);
}

/** What its agent has last reported of a session as sums. */
export const reportedBy = (tx: Transaction, session: SessionRow): Usage =>
  usageOf(tx.sessions.byId(session.id)!.reportedUsage) ?? emptyUsage();

/** Notes what an agent has last said that a session has cost so far, for the runner that it is taken up or copied on. */
export function noteReported(
  tx: Transaction,
  session: SessionRow,
  { nanos, currency }: { nanos: bigint; currency: string },
): void {
  const usage = reportedBy(tx, session);
  Object.assign(usage, { costNanos: nanos, currency, costBasis: CostBasis.REPORTED });
  tx.sessions.update(session.id, { reportedUsage: storedUsage(usage) });
}

/** Notes how full the model's context is. */
export function noteContext(tx: Transaction, session: SessionRow, used: bigint, size: bigint): void {
  const usage = usageOf(tx.sessions.byId(session.id)!.usage) ?? emptyUsage();
  usage.contextTokens = used;
  usage.contextWindow = size;
  tx.sessions.update(session.id, { usage: storedUsage(usage) });
}
