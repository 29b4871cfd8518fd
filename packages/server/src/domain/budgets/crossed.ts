import { type Budget, Budget_Scope, BudgetWarningSchema, EventType, type Usage } from "@stratavore/proto";
import type { SessionRow, Transaction } from "../../store/index.js";
import { recordEvent } from "../events.js";
import {
  booked,
  budgetsOf,
  budgetText,
  currencyOf,
  levelOf,
  minus,
  plus,
  type Spending,
  spendingOf,
  spendingText,
} from "./spending.js";

const { TURN, RUNNER, DAY } = Budget_Scope;

/** What is known before it is booked: what a turn that still runs has used. */
export interface Unbooked {
  /** Input, output and cache writes. */
  tokens: bigint;
  nanos: bigint;
  currency: string;
}

/**
 * Says which levels of budgets were reached by usage that is booked already, each of them once. Of it, `told` was
 * compared while the turn ran. `isTurn`: it is all that one turn used.
 */
export function usageSpent(
  tx: Transaction,
  session: SessionRow,
  usage: Usage,
  now: number,
  { isTurn, told }: { isTurn: boolean; told?: Unbooked | undefined },
): void {
  for (const { budget, subject } of budgetsFor(tx, session)) {
    if (budget.scope === TURN && !isTurn) continue;
    const used = spendingOf(usage, budget);
    const early = budget.scope === DAY ? nothing : unbooked(told, budget);
    const after = budget.scope === TURN ? used : booked(tx, budget, subject.ids, now);
    cross(tx, subject.of, budget, plus(minus(after, used), early), after);
  }
}

/**
 * Says which levels of the turn's and the runner's budgets have been reached by what is not booked yet, and gives the budget
 * that it has used up.
 */
export function turnSpent(
  tx: Transaction,
  session: SessionRow,
  before: Unbooked,
  after: Unbooked,
  now: number,
): Budget | undefined {
  let usedUp: Budget | undefined;
  for (const { budget, subject } of budgetsFor(tx, session)) {
    if (budget.scope === DAY) continue;
    const base = booked(tx, budget, subject.ids, now);
    const spent = plus(base, unbooked(after, budget));
    cross(tx, subject.of, budget, plus(base, unbooked(before, budget)), spent);
    if (levelOf(budget, spent) === 2) usedUp ??= budget;
  }
  return usedUp;
}

const nothing: Spending = { tokens: 0n, nanos: 0n };

const unbooked = (cost: Unbooked | undefined, budget: Budget): Spending =>
  cost === undefined
    ? nothing
    : { tokens: cost.tokens, nanos: cost.currency === currencyOf(budget) ? cost.nanos : 0n };

function budgetsFor(tx: Transaction, session: SessionRow) {
  const project = tx.projects.byUid(session.projectUid);
  const budgets = project === undefined ? [] : budgetsOf(project);
  if (budgets.length === 0) return [];
  const runner = tx.runners.byId(session.runnerId);
  const ids = { projectUid: session.projectUid, runnerId: runner?.id };
  return budgets
    .filter(({ scope }) => scope !== RUNNER || runner !== undefined)
    .map((budget) => ({ budget, subject: { ids, of: { runner, session } } }));
}

function cross(
  tx: Transaction,
  subject: Parameters<typeof recordEvent>[2],
  budget: Budget,
  before: Spending,
  after: Spending,
): void {
  const level = levelOf(budget, after);
  if (level <= levelOf(budget, before)) return;
  const what = `${budgetText(budget)} ${level === 2 ? "used up" : `used to ${budget.warnPercent} percent`}`;
  recordEvent(tx, EventType.BUDGET_WARNING, subject, BudgetWarningSchema, {
    budget,
    tokens: after.tokens,
    costNanos: after.nanos,
    usedUp: level === 2,
    message: `${what}: ${spendingText(budget, after)}`,
  });
}
