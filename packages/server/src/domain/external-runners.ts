import { EventType, RunnerActivity, RunnerStatus, SessionCreatedSchema } from "@stratavore/proto";
import type { RunnerRow, SessionRow, Transaction } from "../store/index.js";
import { failedPrecondition } from "./errors.js";
import { recordEvent } from "./events.js";
import { isTerminal, statusName } from "./lifecycle.js";
import { runnerById, runnerStarted } from "./runners.js";
import { intendSession, type NewSessionInput } from "./sessions.js";
import { sessionMessage } from "./views/session.js";

/** Silence after which an external runner fails, where its owner names none. */
export const defaultHeartbeatTtlMs = 60_000;

/** @throws DomainError failed_precondition: nobody but the daemon speaks for it */
export function requireExternal({ id, external }: RunnerRow): void {
  if (external) return;
  throw failedPrecondition(
    "NOT_EXTERNAL",
    `runner ${id} is not external: the daemon runs it, and sees itself that it is alive`,
    { runner: id },
  );
}

/** @throws DomainError failed_precondition: it has ended */
export function requireNotEnded({ id, status, reason }: RunnerRow): void {
  if (!isTerminal(status)) return;
  throw failedPrecondition(
    "RUNNER_ENDED",
    `runner ${id} has ended and is ${statusName(status)}: ${reason}; end its processes, and create another runner to go on`,
    { runner: id, status: statusName(status), reason },
  );
}

/** Whether a heartbeat changes more than the time at which its runner was seen. */
export const changesRecord = (runner: RunnerRow, activity: RunnerActivity): boolean =>
  runner.status === RunnerStatus.STARTING ||
  (activity !== RunnerActivity.UNSPECIFIED && activity !== runner.activity);

/**
 * What a heartbeat changes: the first one makes its runner RUNNING.
 *
 * @throws DomainError not_found, failed_precondition
 */
export function heartbeatOf(tx: Transaction, id: string, activity: RunnerActivity): RunnerRow {
  const runner = runnerById(tx, id);
  requireExternal(runner);
  requireNotEnded(runner);
  if (!changesRecord(runner, activity)) return runner;
  const is = activity === RunnerActivity.UNSPECIFIED ? RunnerActivity.IDLE : activity;
  if (runner.status === RunnerStatus.STARTING) return runnerStarted(tx, runner, { pid: 0, activity: is });
  return tx.runners.update(id, { activity: is, lastHeartbeat: Date.now() })!;
}

/**
 * Opens a session on an external runner: a record and nothing else, as no agent has to confirm it. Without an agent's
 * own id it can be resumed nowhere.
 *
 * @throws DomainError not_found, failed_precondition: it is held back or ending, or has a session
 */
export function openExternalSession(tx: Transaction, runnerId: string, input: NewSessionInput): SessionRow {
  const runner = runnerById(tx, runnerId);
  const { status, sessionId } = runner;
  if (status !== RunnerStatus.STARTING && status !== RunnerStatus.RUNNING) {
    throw failedPrecondition(
      "RUNNER_NOT_RUNNING",
      `runner ${runnerId} is ${statusName(status)}; a session opens on one that is STARTING or RUNNING`,
      { runner: runnerId, status: statusName(status) },
    );
  }
  if (sessionId !== null) {
    throw failedPrecondition(
      "ONE_SESSION",
      `runner ${runnerId} is external and has session ${sessionId}; end that one first`,
      { runner: runnerId, session: sessionId },
    );
  }
  const session = intendSession(tx, runner, input);
  const now = tx.runners.update(runnerId, { sessionId: session.id })!;
  recordEvent(tx, EventType.SESSION_CREATED, { runner: now, session }, SessionCreatedSchema, {
    session: sessionMessage(session),
  });
  return session;
}
