import { create } from "@bufbuild/protobuf";
import { PartSchema, type RunnerSpec, SessionStatus } from "@stratavore/proto";
import type { McpServerSpec } from "../../agents/index.js";
import { intendSession, sessionLeft, sessionOpened } from "../../domain/sessions.js";
import { queueTurn } from "../../domain/turns.js";
import { specOf } from "../../domain/views/runner.js";
import type { RunnerRow, SessionRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";

/** Values that are plain text; secrets for MCP servers are read by the caller and never stored. */
const plain = (values: RunnerSpec["environment"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, { source }]) =>
      source.case === "plain" ? [[name, source.value]] : [],
    ),
  );

export const mcpServersOf = (spec: RunnerSpec): McpServerSpec[] =>
  spec.mcpServers.map(({ name, command, url, environment, headers }) => ({
    name,
    command,
    url,
    environment: plain(environment),
    headers: plain(headers),
  }));

/** Asks the agent for a new session; the record waits for its answer. */
export function askForSession(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  cwd: string,
  input: { model: string; metadata: Record<string, string>; title: string },
): { session: SessionRow; lines: string[] } {
  const session = intendSession(tx, runner, input);
  const lines = memory.adapter.openSession({
    sessionId: session.id,
    cwd,
    model: input.model,
    mcpServers: mcpServersOf(specOf(runner)),
  });
  return { session, lines };
}

/** A process that is its session has it from the start; its prompt waits for the process to be followed. */
export function openOwnSession(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  sessionId: string,
): void {
  const { prompt, title } = specOf(runner);
  const session = tx.sessions.insert({
    id: sessionId,
    runnerId: runner.id,
    projectUid: runner.projectUid,
    projectName: runner.projectName,
    status: SessionStatus.IDLE,
    agent: runner.agent,
    title,
  });
  const opened = sessionOpened(tx, session, { agentSessionId: sessionId, model: "" });
  if (memory.adapter.takesMessages) queuePrompt(tx, runner, opened, prompt);
}

/** The first message of a runner is its first: a restart does not say it again. */
export function queuePrompt(tx: Transaction, runner: RunnerRow, session: SessionRow, prompt: string): void {
  if (prompt === "" || runner.incarnation > 1) return;
  const part = create(PartSchema, { kind: { case: "text", value: prompt } });
  queueTurn(tx, session, [part], runner.createdBy);
}

/** Ends a session that its agent has not opened; should it open after all, it stays ended. */
export function giveUpSession(tx: Transaction, sessionId: string, reason: string): void {
  const session = tx.sessions.byId(sessionId);
  if (session === undefined || session.agentSessionId !== null || session.endedAt !== null) return;
  sessionLeft(tx, session, SessionStatus.ENDED, reason);
}
