import { ApprovalState, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { requestApproval, resolveApproval } from "../../domain/approvals.js";
import { runnerStarted } from "../../domain/runners.js";
import { sessionLeft, sessionOpened } from "../../domain/sessions.js";
import { turnEnded, turnRunning } from "../../domain/turns.js";
import { noteContext } from "../../domain/usage.js";
import type { Transaction } from "../../store/index.js";
import { bookTurn, noteCost } from "./costs.js";
import { dispatchTurn, type Outgoing } from "./dispatch.js";
import type { RunnerMemory } from "./memory.js";
import { openFirstSession } from "./open-session.js";
import { standingAnswer } from "./standing-answer.js";

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
  const applied: Applied = { lines: [], prompts: [], unreadable: [] };
  for (const update of updates) {
    if (update.kind === "unusable") applied.unusable = update.reason;
    else if (update.kind === "unreadable") applied.unreadable.push(update.text);
    else if (update.kind === "ready") {
      const runner = tx.runners.byId(runnerId)!;
      if (runner.status !== RunnerStatus.STARTING) continue;
      applied.lines.push(...openFirstSession(tx, runnerStarted(tx, runner, facts), memory, facts.cwd));
    } else applyToSession(tx, memory, update, applied);
  }
  return applied;
}

type SessionUpdate = Exclude<AgentUpdate, { kind: "ready" | "unusable" | "unreadable" }>;

function applyToSession(
  tx: Transaction,
  memory: RunnerMemory,
  update: SessionUpdate,
  applied: Applied,
): void {
  const session = tx.sessions.byId(update.sessionId);
  if (session === undefined) return;
  const turn = tx.turns.running(session.id);
  const turnId = turn?.id ?? null;
  const writer = memory.writer(tx, session.id);
  switch (update.kind) {
    case "session_opened": {
      const opened = sessionOpened(tx, session, update);
      applied.prompts.push(...dispatchTurn(tx, opened, memory));
      return;
    }
    case "session_failed": {
      for (const queued of tx.turns.forSession(session.id).filter(({ endedAt }) => endedAt === null)) {
        turnEnded(tx, session, queued, { state: TurnState.FAILED, stopReason: "error", error: update.error });
      }
      sessionLeft(tx, session, SessionStatus.ENDED, `the agent did not open it: ${update.error}`);
      return;
    }
    case "warning": {
      const runner = tx.runners.byId(session.runnerId)!;
      tx.runners.update(runner.id, { warnings: [...runner.warnings, update.message] });
      return;
    }
    case "title":
      tx.sessions.update(session.id, { title: update.title });
      return;
    case "model":
      tx.sessions.update(session.id, { model: update.model });
      tx.runners.update(session.runnerId, { effectiveModel: update.model });
      return;
    case "context":
      noteContext(tx, session, update.used, update.size);
      if (update.cost) noteCost(memory.cost(session.id), update.cost);
      return;
    case "text":
      if (turn) turnRunning(tx, turn);
      writer.text(tx, turnId, update.text, update.boundary);
      return;
    case "thinking":
      if (turn) turnRunning(tx, turn);
      writer.thinking(tx, turnId, update.text, update.boundary);
      return;
    case "part":
      if (turn) turnRunning(tx, turn);
      writer.part(tx, turnId, update.part, update.key);
      return;
    case "tool_call":
      if (turn) turnRunning(tx, turn);
      writer.toolCall(tx, turnId, update.call);
      return;
    case "approval_requested": {
      const row = requestApproval(tx, session, { ...update, turnId });
      const option = standingAnswer(tx, session, update.options);
      if (option === undefined) return;
      const state = option.kind.startsWith("allow") ? ApprovalState.ALLOWED : ApprovalState.REJECTED;
      resolveApproval(tx, row, state, { optionId: option.id, by: "policy" });
      applied.lines.push(...memory.adapter.answer(update.agentRequestId, { optionId: option.id }));
      return;
    }
    case "turn_ended": {
      const ended = tx.turns.byId(update.turnId);
      writer.complete(tx);
      if (ended === undefined || ended.endedAt !== null) return;
      cancelQuestions(tx, session.id);
      const cancelled = update.stopReason === "cancelled" ? TurnState.CANCELLED : TurnState.COMPLETED;
      turnEnded(tx, session, ended, {
        state: update.error === undefined ? cancelled : TurnState.FAILED,
        stopReason: update.stopReason,
        error: update.error,
        usage: bookTurn(memory.cost(session.id), update.usage),
      });
      applied.prompts.push(...dispatchTurn(tx, tx.sessions.byId(session.id)!, memory));
    }
  }
}

/** Questions whose turn is over are nobody's to answer. */
export function cancelQuestions(tx: Transaction, sessionId: string): void {
  for (const row of tx.approvals.pending({ sessionId })) {
    resolveApproval(tx, row, ApprovalState.CANCELLED, { optionId: "", by: "" });
  }
}
