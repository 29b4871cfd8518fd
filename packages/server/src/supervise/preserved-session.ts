import { SessionStatus } from "@stratavore/proto";
import { failedPrecondition } from "../domain/errors.js";
import { isLive } from "../domain/lifecycle.js";
import type { Reads, RunnerRow, SessionRow } from "../store/index.js";
import type { RunnerController } from "./runner/controller.js";
import { isFree } from "./runner/resume-session.js";

/**
 * The session that the next process of a runner is to take up: the active one, else the one that was active last.
 *
 * @throws DomainError failed_precondition: there is none, or its agent cannot take one up
 */
export function sessionToPreserve(
  reads: Reads,
  runner: RunnerRow,
  controller: RunnerController | undefined,
): string {
  const { id, agent } = runner;
  if (isLive(runner.status) && controller !== undefined) {
    const { opensSessions, resumesSessions } = controller.adapter;
    if (!opensSessions || !resumesSessions) throw cannotResume(id, agent);
  }
  const session = runner.sessionId ?? lastResumable(reads, id)?.id;
  if (session !== undefined) return session;
  throw failedPrecondition(
    "NO_SESSION",
    `runner ${id} has no session that could be resumed; restart it without preserve_session`,
    { runner: id },
  );
}

export const cannotResume = (runnerId: string, agent: string) =>
  failedPrecondition(
    "CANNOT_RESUME",
    `the agent ${agent} of runner ${runnerId} cannot take up a session again; restart it without preserve_session`,
    { runner: runnerId, agent },
  );

/** Whichever left its runner last: the end of a runner is the last change of its active session. */
const lastResumable = (reads: Reads, runnerId: string): SessionRow | undefined =>
  reads.sessions
    .forRunner(runnerId)
    .filter(({ status, agentSessionId }) => status === SessionStatus.RESUMABLE && agentSessionId !== null)
    .sort((a, b) => b.updatedAt - a.updatedAt)[0];

/** @throws DomainError failed_precondition: it went elsewhere, or ended, while its runner was being stopped */
export function checkPreserved(reads: Reads, runner: RunnerRow, sessionId: string): void {
  const session = reads.sessions.byId(sessionId);
  if (session !== undefined && session.runnerId === runner.id && isFree(reads, session)) return;
  throw failedPrecondition(
    "SESSION_LOST",
    `session ${sessionId} of runner ${runner.id} cannot be resumed any more; the runner stays stopped, restart it without preserve_session`,
    { runner: runner.id, session: sessionId },
  );
}
