import { type RunnerSpec, SessionStatus } from "@stratavore/proto";
import { failedPrecondition, invalidField } from "../domain/errors.js";
import { sessionById } from "../domain/sessions.js";
import type { ProjectRow, Reads, RunnerRow, SessionRow } from "../store/index.js";

/** @throws DomainError failed_precondition: the session cannot be continued, or for other than a copy is not free */
export function checkContinuable(reads: Pick<Reads, "turns">, session: SessionRow, fork: boolean): void {
  const { id, status, runnerId, reason } = session;
  const facts = { session: id, status: SessionStatus[status as SessionStatus] };
  if (status === SessionStatus.ENDED) {
    const why = reason === "" ? "" : ` (${reason})`;
    throw failedPrecondition("SESSION_ENDED", `session ${id} is ENDED${why}; open a new one`, facts);
  }
  if (session.agentSessionId === null) {
    throw failedPrecondition(
      "CANNOT_RESUME",
      `session ${id} is held by no agent that could take it up`,
      facts,
    );
  }
  if (fork) return;
  if (status !== SessionStatus.RESUMABLE) {
    throw failedPrecondition(
      "SESSION_LIVE",
      `session ${id} is live on runner ${runnerId}; talk to it there, or fork it`,
      { ...facts, runner: runnerId },
    );
  }
  const turn = reads.turns.running(id);
  if (turn === undefined) return;
  throw failedPrecondition(
    "TURN_RUNNING",
    `turn ${turn.id} of session ${id} is still ending; try again soon`,
    {
      ...facts,
      turn: turn.id,
    },
  );
}

/** @throws DomainError failed_precondition: another agent, or another project's directory, knows nothing of it */
export function checkSameAgent(session: SessionRow, runner: RunnerRow): void {
  if (session.agent === runner.agent && session.projectUid === runner.projectUid) return;
  throw failedPrecondition(
    "OTHER_AGENT",
    `session ${session.id} is of the agent ${session.agent} in project ${session.projectName}; runner ${runner.id} is of ${runner.agent} in ${runner.projectName}`,
    { session: session.id, runner: runner.id },
  );
}

/** @throws DomainError failed_precondition: nobody here speaks to the agent */
export function requireAgent({ id, external }: RunnerRow): void {
  if (!external) return;
  throw failedPrecondition(
    "EXTERNAL_RUNNER",
    `runner ${id} is external, and only its owner can have it continue a session; name another runner, or none`,
    { runner: id },
  );
}

/** @throws DomainError failed_precondition: another session would end what the active one is doing */
export function requireIdle(reads: Pick<Reads, "turns">, sessionId: string | null): void {
  const turn = sessionId === null ? undefined : reads.turns.running(sessionId);
  if (sessionId === null || turn === undefined) return;
  throw failedPrecondition(
    "SESSION_BUSY",
    `turn ${turn.id} of session ${sessionId} runs, and a runner has one active session; wait for it first`,
    { session: sessionId, turn: turn.id },
  );
}

/** The session that a new runner is to continue; undefined: none. @throws DomainError when it cannot be continued */
export function sessionToContinue(
  reads: Reads,
  { resumeSessionId, forkSession }: RunnerSpec,
  project: ProjectRow,
): SessionRow | undefined {
  if (resumeSessionId === "") {
    if (forkSession) throw invalidField("spec.fork_session", "it needs resume_session_id");
    return undefined;
  }
  const session = sessionById(reads, resumeSessionId);
  checkContinuable(reads, session, forkSession);
  if (session.projectUid === project.uid) return session;
  throw failedPrecondition(
    "OTHER_PROJECT",
    `session ${session.id} is of project ${session.projectName}; continue it there`,
    { session: session.id, project: session.projectName },
  );
}

/** @throws DomainError failed_precondition: another agent knows nothing of the session */
export function checkAgentOf(session: SessionRow, agent: string): void {
  if (session.agent === agent) return;
  throw failedPrecondition(
    "OTHER_AGENT",
    `session ${session.id} is of the agent ${session.agent}, which ${agent} knows nothing of`,
    { session: session.id, agent: session.agent },
  );
}
