import { RunnerActivity, RunnerStatus, TurnState } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { modelRuns, warnOf } from "../../domain/runner-changes.js";
import { runnerStarted } from "../../domain/runners.js";
import { turnEnded } from "../../domain/turns.js";
import { addUsage, noteContext } from "../../domain/usage.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import { noteSpent, noteTurnUsed, stoppedByBudget, unbookedOf } from "./budget-stop.js";
import { bookTurn, personIn } from "./costs.js";
import { dispatchTurn, nothing, type Outgoing } from "./dispatch.js";
import { openFirstSession } from "./first-session.js";
import { withdrawQuestion, withdrawQuestions } from "./leave.js";
import type { RunnerMemory } from "./memory.js";
import { applyFailed, applyOpened } from "./opened.js";
import { applySaid, isSaid } from "./said.js";
import { tokensOfTurn } from "./token-sums.js";

/** What applying updates leads to once they are committed. */
export interface Applied extends Outgoing {
  /** Set when the agent cannot be used. */
  unusable?: string;
  /** Lines that are not of the protocol. */
  unreadable: string[];
}

/** Makes what an agent said true, within one transaction. */
export function applyUpdates(
  tx: Transaction,
  runnerId: string,
  memory: RunnerMemory,
  facts: { pid: number; cwd: string },
  updates: readonly AgentUpdate[],
): Applied {
  const applied: Applied = { ...nothing(), unreadable: [] };
  for (const update of updates) {
    if (update.kind === "unusable") applied.unusable = update.reason;
    else if (update.kind === "unreadable") applied.unreadable.push(update.text);
    else if (update.kind === "ready") {
      const runner = tx.runners.byId(runnerId)!;
      if (runner.status !== RunnerStatus.STARTING) continue;
      const first = openFirstSession(tx, runnerStarted(tx, runner, facts), memory, facts.cwd);
      if ("unusable" in first) applied.unusable = first.unusable;
      else applied.lines.push(...first.lines);
    } else applyToSession(tx, runnerId, memory, update, applied);
  }
  return applied;
}

type SessionUpdate = Exclude<AgentUpdate, { kind: "ready" | "unusable" | "unreadable" }>;

function applyToSession(
  tx: Transaction,
  runnerId: string,
  memory: RunnerMemory,
  update: SessionUpdate,
  applied: Applied,
): void {
  const session = tx.sessions.byId(update.sessionId);
  if (session === undefined) return;
  // Taken up on another runner: what this agent still says of it is no part of it any more.
  if (session.runnerId !== runnerId && !answersOpening(update)) return;
  if (isSaid(update)) {
    applySaid(tx, memory, session, update, applied);
    return;
  }
  switch (update.kind) {
    case "session_opened":
      applyOpened(tx, runnerId, memory, session, update, applied);
      return;
    case "session_failed":
      applyFailed(tx, memory, session, update, applied);
      return;
    case "warning":
      warnOf(tx, tx.runners.byId(session.runnerId)!, update.message);
      return;
    case "title":
      tx.sessions.update(session.id, { title: update.title });
      return;
    case "model": {
      if (session.model !== update.model) tx.sessions.update(session.id, { model: update.model });
      const runner = tx.runners.byId(session.runnerId);
      if (runner?.sessionId === session.id) modelRuns(tx, runner, update.model);
      return;
    }
    case "context":
      noteContext(tx, session, update.used, update.size);
      if (update.cost) applied.lines.push(...noteSpent(tx, memory, session, update.cost));
      return;
    case "notice":
      memory.writer(tx, session.id).notice(tx, tx.turns.running(session.id)?.id ?? null, update.text);
      return;
    case "approval_withdrawn":
      withdrawQuestion(tx, session.id, update.agentRequestId);
      return;
    case "activity":
      applyActivity(tx, session, update.activity);
      return;
    case "used":
      applied.lines.push(...noteTurnUsed(tx, memory, session, update.usage));
      return;
    case "spent":
      memory.writer(tx, session.id).complete(tx);
      addUsage(tx, session, bookTurn(memory.cost(session.id), update.usage), personIn(tx, session));
      return;
    case "turn_ended":
      applyTurnEnded(tx, memory, session, update, applied);
  }
}

function applyActivity(tx: Transaction, session: SessionRow, to: "rate_limited" | "working"): void {
  const runner = tx.runners.byId(session.runnerId);
  if (runner?.sessionId !== session.id || tx.turns.running(session.id) === undefined) return;
  // A question that waits is what the runner waits for, whatever else goes on.
  if (tx.approvals.pending({ runnerId: runner.id, limit: 1 }).length > 0) return;
  const activity = to === "working" ? RunnerActivity.WORKING : RunnerActivity.RATE_LIMITED;
  if (runner.activity !== activity) tx.runners.update(runner.id, { activity });
}

const answersOpening = ({ kind }: SessionUpdate) => kind === "session_opened" || kind === "session_failed";

function applyTurnEnded(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  update: Extract<AgentUpdate, { kind: "turn_ended" }>,
  applied: Applied,
): void {
  const turn = tx.turns.byId(update.turnId);
  memory.writer(tx, session.id).complete(tx);
  if (turn === undefined || turn.endedAt !== null) return;
  applied.lines.push(...withdrawQuestions(tx, session.id, memory));
  const cancelled = update.stopReason === "cancelled" ? TurnState.CANCELLED : TurnState.COMPLETED;
  const account = memory.cost(session.id);
  const stopped = stoppedByBudget(account, turn.id, update.stopReason);
  turnEnded(tx, session, turn, {
    state: update.error === undefined ? cancelled : TurnState.FAILED,
    stopReason: stopped === undefined ? update.stopReason : "budget_exceeded",
    error: update.error ?? stopped,
    told: unbookedOf(account),
    usage: bookTurn(account, tokensOfTurn(tx, memory, session, update.usage)),
  });
  applied.prompts.push(...dispatchTurn(tx, tx.sessions.byId(session.id)!, memory));
  if (tx.runners.byId(session.runnerId)?.sessionId !== session.id) memory.letGo(session.id);
}
