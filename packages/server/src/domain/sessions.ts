import {
  EventType,
  RunnerActivity,
  SessionCreatedSchema,
  SessionEndedSchema,
  SessionResumedSchema,
  SessionStatus,
} from "@stratavore/proto";
import type { Reads, RunnerRow, SessionRow, Transaction } from "../store/index.js";
import { notFound } from "./errors.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { sessionMessage } from "./views/session.js";

export interface NewSessionInput {
  model: string;
  title: string;
  metadata: Record<string, string>;
}

/** Records a session that its agent has not confirmed yet. */
export function intendSession(tx: Transaction, runner: RunnerRow, input: NewSessionInput): SessionRow {
  return tx.sessions.insert({
    id: newId("session"),
    runnerId: runner.id,
    projectUid: runner.projectUid,
    projectName: runner.projectName,
    status: SessionStatus.IDLE,
    agent: runner.agent,
    model: input.model,
    title: input.title,
    metadata: input.metadata,
  });
}

/** The agent holds the session: it is now the runner's active one. What was active before has to have left. */
export function sessionOpened(
  tx: Transaction,
  session: SessionRow,
  agent: { agentSessionId: string; model: string },
): SessionRow {
  const isNew = session.agentSessionId === null;
  const runner = tx.runners.byId(session.runnerId)!;
  const opened = tx.sessions.update(session.id, {
    agentSessionId: agent.agentSessionId,
    status: SessionStatus.IDLE,
    ...(agent.model === "" ? {} : { model: agent.model }),
  })!;
  const effectiveModel = agent.model === "" ? runner.effectiveModel : agent.model;
  const activity = RunnerActivity.IDLE;
  const now = tx.runners.update(runner.id, { sessionId: session.id, effectiveModel, activity })!;
  const forked = isNew && opened.forkOf !== null;
  const message = sessionMessage(opened);
  const subject = { runner: now, session: opened };
  if (isNew) recordEvent(tx, EventType.SESSION_CREATED, subject, SessionCreatedSchema, { session: message });
  if (!isNew || forked) {
    recordEvent(tx, EventType.SESSION_RESUMED, subject, SessionResumedSchema, { session: message, forked });
  }
  return opened;
}

/** The session is on no runner any more. */
export function sessionLeft(
  tx: Transaction,
  session: SessionRow,
  status: SessionStatus.RESUMABLE | SessionStatus.ENDED,
  reason: string,
): SessionRow {
  const left = tx.sessions.update(session.id, {
    status,
    reason,
    ...(status === SessionStatus.ENDED ? { endedAt: Date.now() } : {}),
  })!;
  recordEvent(tx, EventType.SESSION_ENDED, { session: left }, SessionEndedSchema, { status, reason });
  return left;
}

/** Takes a session off its runner if it is the active one there. */
export function leaveRunner(tx: Transaction, { id, runnerId }: SessionRow): void {
  if (tx.runners.byId(runnerId)?.sessionId !== id) return;
  tx.runners.update(runnerId, { sessionId: null, activity: RunnerActivity.IDLE });
}

/** @throws DomainError not_found */
export function sessionById(reads: Pick<Reads, "sessions">, id: string): SessionRow {
  const row = reads.sessions.byId(id);
  if (row === undefined) throw notFound("session", id);
  return row;
}
