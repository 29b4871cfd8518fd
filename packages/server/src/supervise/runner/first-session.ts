import { DomainError } from "../../domain/errors.js";
import { sessionById } from "../../domain/sessions.js";
import { specOf } from "../../domain/views/runner.js";
import type { RunnerRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";
import { askForSession, queuePrompt } from "./open-session.js";
import { askToFork, askToResume } from "./resume-session.js";

/** What a runner that has just become RUNNING opens by itself: the session to continue, or one for its prompt. */
export function openFirstSession(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  cwd: string,
): { lines: string[] } | { unusable: string } {
  const { prompt, title, resumeSessionId, forkSession } = specOf(runner);
  if (!memory.adapter.opensSessions) return { lines: [] };
  const { continues } = memory.stored;
  if (continues !== undefined) return continueSession(tx, runner, memory, cwd, { sessionId: continues });
  if (runner.incarnation > 1) return { lines: [] };
  if (resumeSessionId !== "") {
    return continueSession(tx, runner, memory, cwd, { sessionId: resumeSessionId, fork: forkSession });
  }
  if (prompt === "") return { lines: [] };
  const input = { model: runner.model, metadata: {}, title };
  const { session, lines } = askForSession(tx, runner, memory, cwd, input);
  queuePrompt(tx, runner, session, prompt);
  return { lines };
}

/** A runner that was created, or restarted, for a session is of no use without it. */
function continueSession(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  cwd: string,
  { sessionId, fork = false }: { sessionId: string; fork?: boolean },
): { lines: string[] } | { unusable: string } {
  try {
    const session = sessionById(tx, sessionId);
    const asked = fork
      ? askToFork(tx, runner, memory, cwd, session)
      : { session, lines: askToResume(runner, memory, cwd, session) };
    memory.stored.continues = asked.session.id;
    return { lines: asked.lines };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { unusable: error.message };
  }
}
