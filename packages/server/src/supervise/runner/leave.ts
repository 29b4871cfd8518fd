import { ApprovalState, SessionStatus, TurnState } from "@stratavore/proto";
import { resolveApproval } from "../../domain/approvals.js";
import { sessionLeft } from "../../domain/sessions.js";
import { turnEnded } from "../../domain/turns.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";

/** Asks for the end of a session's running turn and withdraws what the agent asked in it. Gives the lines to write. */
export function cancelTurn(tx: Transaction, session: SessionRow, memory: RunnerMemory): string[] {
  if (tx.turns.running(session.id) === undefined) return [];
  return [...memory.adapter.cancel(session.id), ...withdrawQuestions(tx, session.id, memory)];
}

/** Questions whose turn is over are nobody's to answer; the agent, if there still is one, is told so. */
export function withdrawQuestions(
  tx: Transaction,
  sessionId: string,
  memory: RunnerMemory | undefined,
): string[] {
  return tx.approvals.pending({ sessionId }).flatMap((row) => {
    resolveApproval(tx, row, ApprovalState.CANCELLED, { optionId: "", by: "" });
    return memory?.adapter.answer(row.agentRequestId, { cancelled: true }) ?? [];
  });
}

/** Its agent does not wait for the answer to a question any more. */
export function withdrawQuestion(tx: Transaction, sessionId: string, agentRequestId: string): void {
  const row = tx.approvals.pending({ sessionId }).find((each) => each.agentRequestId === agentRequestId);
  if (row !== undefined) resolveApproval(tx, row, ApprovalState.CANCELLED, { optionId: "", by: "" });
}

/** Takes the active session off its runner, whose agent still holds it, so that another one can take its place. */
export function makeRoom(tx: Transaction, session: SessionRow, memory: RunnerMemory): string[] {
  const lines = cancelTurn(tx, session, memory);
  for (;;) {
    const queued = tx.turns.nextQueued(session.id);
    if (queued === undefined) break;
    turnEnded(tx, session, queued, { state: TurnState.CANCELLED, stopReason: "session_left" });
  }
  const now = tx.sessions.byId(session.id)!;
  sessionLeft(tx, now, SessionStatus.RESUMABLE, "another session became active on its runner");
  return lines;
}
