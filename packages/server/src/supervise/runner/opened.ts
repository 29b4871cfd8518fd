import { SessionStatus, TurnState } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { sessionLeft, sessionOpened } from "../../domain/sessions.js";
import { turnEnded } from "../../domain/turns.js";
import { specOf } from "../../domain/views/runner.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { Applied } from "./apply.js";
import { dispatchTurn } from "./dispatch.js";
import { makeRoom } from "./leave.js";
import type { RunnerMemory } from "./memory.js";
import { queuePrompt } from "./open-session.js";
import { forkOpened, isFree, sessionTakenUp } from "./resume-session.js";

type Update<Kind extends AgentUpdate["kind"]> = Extract<AgentUpdate, { kind: Kind }>;

/** The agent holds a session that it was asked to open, take up or copy: it becomes the runner's active one. */
export function applyOpened(
  tx: Transaction,
  runnerId: string,
  memory: RunnerMemory,
  session: SessionRow,
  update: Update<"session_opened">,
  applied: Applied,
): void {
  const isWanted = isExpected(tx, memory, session);
  memory.setResuming(session.id, undefined);
  // Given up meanwhile: what nobody waits for must not push the active session aside.
  if (!isWanted) {
    applied.lines.push(...memory.adapter.closeSession(session.id));
    // Nothing of its record changes, and someone may wait for the answer.
    tx.wake(`runner:${runnerId}`);
    if (memory.stored.continues !== session.id) return;
    memory.stored.continues = undefined;
    const why = session.endedAt === null ? `is on runner ${session.runnerId} by now` : "has ended";
    applied.unusable = `the session ${session.id}, for which it was started, ${why}`;
    return;
  }
  const runner = tx.runners.byId(runnerId)!;
  const active = runner.sessionId === null ? undefined : tx.sessions.byId(runner.sessionId);
  if (active !== undefined && active.id !== session.id) applied.lines.push(...makeRoom(tx, active, memory));
  const opened = open(tx, runnerId, memory, session, update);
  if (memory.stored.continues === session.id) {
    memory.stored.continues = undefined;
    queuePrompt(tx, runner, opened, specOf(runner).prompt);
  }
  applied.prompts.push(...dispatchTurn(tx, opened, memory));
}

function isExpected(tx: Transaction, memory: RunnerMemory, session: SessionRow): boolean {
  if (session.endedAt !== null || memory.resuming(session.id) === "given_up") return false;
  return session.agentSessionId === null || isFree(tx, session);
}

function open(
  tx: Transaction,
  runnerId: string,
  memory: RunnerMemory,
  session: SessionRow,
  update: Update<"session_opened">,
): SessionRow {
  if (session.agentSessionId !== null) return sessionTakenUp(tx, runnerId, memory, session, update);
  if (session.forkOf !== null) return forkOpened(tx, memory, session, session.forkOf, update);
  return sessionOpened(tx, session, update);
}

/** The agent has refused: a new session ends, one that was to be taken up stays as and where it is. */
export function applyFailed(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  { error }: Update<"session_failed">,
  applied: Applied,
): void {
  memory.setResuming(session.id, undefined);
  if (memory.stored.continues === session.id) {
    memory.stored.continues = undefined;
    applied.unusable = `the agent did not take up the session ${session.forkOf ?? session.id}: ${error}`;
  }
  if (session.endedAt !== null) return;
  if (session.agentSessionId !== null) {
    tx.sessions.update(session.id, { reason: `the agent did not take it up: ${error}` });
    return;
  }
  for (;;) {
    const queued = tx.turns.nextQueued(session.id);
    if (queued === undefined) break;
    turnEnded(tx, session, queued, { state: TurnState.FAILED, stopReason: "error", error });
  }
  sessionLeft(tx, session, SessionStatus.ENDED, `the agent did not open it: ${error}`);
}
