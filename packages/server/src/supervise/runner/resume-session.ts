import { SessionStatus } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { failedPrecondition } from "../../domain/errors.js";
import { intendSession, sessionOpened } from "../../domain/sessions.js";
import { copyTranscript } from "../../domain/transcript/copy.js";
import { specOf } from "../../domain/views/runner.js";
import { emptyUsage, usageOf } from "../../domain/views/usage.js";
import type { Reads, RunnerRow, SessionRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";
import { mcpServersOf } from "./open-session.js";

type Opened = Extract<AgentUpdate, { kind: "session_opened" }>;

/**
 * Asks the agent to take a session up again. Until it has answered, the session stays as and where it is.
 *
 * @throws DomainError failed_precondition: the agent cannot
 */
export function askToResume(
  runner: RunnerRow,
  memory: RunnerMemory,
  cwd: string,
  session: SessionRow,
): string[] {
  if (!memory.adapter.resumesSessions) {
    throw failedPrecondition(
      "CANNOT_RESUME",
      `the agent ${runner.agent} cannot take up a session again; open a new one`,
      { session: session.id, agent: runner.agent },
    );
  }
  if (memory.resuming(session.id) === "pending") return [];
  memory.setResuming(session.id, "pending");
  return memory.adapter.openSession({
    sessionId: session.id,
    cwd,
    model: runner.model,
    mcpServers: mcpServersOf(specOf(runner)),
    resume: session.agentSessionId ?? "",
  });
}

/**
 * Asks the agent for a copy of a session; the record of the copy waits for its answer.
 *
 * @throws DomainError failed_precondition: the agent cannot
 */
export function askToFork(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  cwd: string,
  original: SessionRow,
): { session: SessionRow; lines: string[] } {
  if (!memory.adapter.forksSessions) {
    throw failedPrecondition(
      "CANNOT_FORK",
      `the agent ${runner.agent} cannot continue a copy of a session; resume it without fork, or open a new one`,
      { session: original.id, agent: runner.agent },
    );
  }
  const { title, metadata } = original;
  const intended = intendSession(tx, runner, { model: runner.model, title, metadata });
  const session = tx.sessions.update(intended.id, { resumedFrom: original.id, forkOf: original.id })!;
  const lines = memory.adapter.openSession({
    sessionId: session.id,
    cwd,
    model: runner.model,
    mcpServers: mcpServersOf(specOf(runner)),
    resume: original.agentSessionId ?? "",
    fork: true,
  });
  return { session, lines };
}

/** The agent holds the session that it was asked to take up: it is on this runner from now on, its transcript goes on. */
export function sessionTakenUp(
  tx: Transaction,
  runnerId: string,
  memory: RunnerMemory,
  session: SessionRow,
  opened: Opened,
): SessionRow {
  // What an earlier stay on this runner left in memory may not be what the store has by now.
  memory.letGo(session.id);
  if (session.runnerId !== runnerId || !memory.hasAccount(session.id))
    memory.reportedBefore(session.id, usageOf(session.reportedUsage) ?? emptyUsage());
  const here = tx.sessions.update(session.id, { runnerId, reason: "" })!;
  return sessionOpened(tx, here, opened);
}

/** The agent holds the copy: its transcript begins with the original's. */
export function forkOpened(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  originalId: string,
  opened: Opened,
): SessionRow {
  const original = tx.sessions.byId(originalId);
  // What a deleted project has taken with it is nobody's to read any more.
  if (original !== undefined) {
    copyTranscript(tx, original.id, session.id);
    memory.reportedBefore(session.id, usageOf(original.reportedUsage) ?? emptyUsage());
    tx.sessions.update(session.id, { reportedUsage: original.reportedUsage });
  }
  return sessionOpened(tx, tx.sessions.byId(session.id)!, opened);
}

/** Whether a runner may take the session over now: it is on none, and nothing of it is under way. */
export const isFree = (reads: Pick<Reads, "turns">, session: SessionRow): boolean =>
  session.status === SessionStatus.RESUMABLE && reads.turns.running(session.id) === undefined;
