import type { CumulativeCost, TurnUsage } from "../../agents/adapter.js";
import { turnSpent, type Unbooked } from "../../domain/budgets/crossed.js";
import { budgetText } from "../../domain/budgets/spending.js";
import { addUsage, noteReported } from "../../domain/usage.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import { bookTurn, noteCost, noteUsed, personIn } from "./costs.js";
import { cancelTurn } from "./leave.js";
import type { CostAccount, RunnerMemory } from "./memory.js";

/** What is known and not booked. */
export function unbookedOf({ unbooked, currency, used = {} }: CostAccount): Unbooked {
  const { inputTokens = 0, outputTokens = 0, cacheWriteTokens = 0 } = used;
  const tokens = BigInt(inputTokens) + BigInt(outputTokens) + BigInt(cacheWriteTokens);
  return { tokens, nanos: BigInt(unbooked), currency };
}

/** Takes in what a session has cost so far. A turn that has used up a budget is cancelled; gives the lines to write. */
export function noteSpent(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  cost: CumulativeCost,
): string[] {
  noteReported(tx, session, cost);
  const lines = withinBudgets(tx, memory, session, (account) => noteCost(account, cost));
  // Without a turn that would book it, it is the session's at once: there may be none any more.
  const account = memory.cost(session.id);
  if (tx.turns.running(session.id) === undefined && account.unbooked !== "0") {
    const told = unbookedOf(account);
    const usage = bookTurn(account, undefined);
    addUsage(tx, session, usage, personIn(tx, session), { isTurn: false, told });
  }
  return lines;
}

/** The same for what a turn that goes on has used. */
export const noteTurnUsed = (
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  usage: TurnUsage,
): string[] => withinBudgets(tx, memory, session, (account) => noteUsed(account, usage));

function withinBudgets(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  note: (account: CostAccount) => void,
): string[] {
  const account = memory.cost(session.id);
  const before = unbookedOf(account);
  note(account);
  const budget = turnSpent(tx, session, before, unbookedOf(account), Date.now());
  const turn = tx.turns.running(session.id);
  if (budget === undefined || turn === undefined || account.stopped?.turnId === turn.id) return [];
  const why = `the project's ${budgetText(budget)} is used up`;
  account.stopped = { turnId: turn.id, why };
  memory.writer(tx, session.id).notice(tx, turn.id, `[stratavore] This turn is cancelled: ${why}.`);
  return cancelTurn(tx, session, memory);
}

/** Why a budget has ended the turn; undefined if none has. */
export function stoppedByBudget(
  account: CostAccount,
  turnId: string,
  stopReason: string,
): string | undefined {
  const { stopped } = account;
  delete account.stopped;
  return stopped?.turnId === turnId && stopReason === "cancelled" ? stopped.why : undefined;
}
