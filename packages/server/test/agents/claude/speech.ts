import { readFileSync } from "node:fs";
import type { AgentAdapter, AgentUpdate, Received } from "../../../src/agents/index.js";
import { createClaudeAdapter } from "../../../src/agents/index.js";

export const launch = { agentSessionId: "11111111-1111-4111-8111-111111111111", model: "" };

export const line = (value: unknown) => ({ stream: "stdout" as const, text: JSON.stringify(value) });

export const parsed = (lines: readonly string[]) => lines.map((text) => JSON.parse(text));

/** Claude Code's answer to a request of ours. */
export const success = (id: string, response: unknown) =>
  line({ type: "control_response", response: { subtype: "success", request_id: id, response } });

export const refusal = (id: string, error: string) =>
  line({ type: "control_response", response: { subtype: "error", request_id: id, error } });

type Recorded = Record<string, unknown> & { type: string };

/** What Claude Code 2.1.330 said in a conversation with a model API of ours, line by line. */
export const recorded = (name: string): Recorded[] =>
  readFileSync(new URL(`recorded/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text));

/** What it answers to `initialize`. */
export const initialized = () =>
  (recorded("answers")[0] as { response: { response: Record<string, unknown> } } & Recorded).response
    .response;

export const opening = (more: object = {}) => ({
  sessionId: "session_1",
  cwd: "/work/web",
  model: "",
  mcpServers: [],
  ...more,
});

export const text = (value: string) => ({
  kind: { case: "text" as const, value },
  $typeName: "stratavore.v1.Part" as const,
});

/** An adapter that is ready. */
export function ready(how: object = launch, stored?: unknown): AgentAdapter {
  const adapter = createClaudeAdapter({ ...launch, ...how }, stored);
  adapter.start();
  adapter.receive(success("stratavore-1", initialized()));
  return adapter;
}

/** An adapter with the open session `session_1`. */
export function conversing(): AgentAdapter {
  const adapter = ready();
  adapter.openSession(opening());
  adapter.receive(success("stratavore-2", { mcpServers: [] }));
  return adapter;
}

export const prompt = (adapter: AgentAdapter, turnId: string, ...parts: ReturnType<typeof text>[]) =>
  adapter.prompt({ sessionId: "session_1", turnId, parts: parts.length > 0 ? parts : [text("hi")] });

/** What recorded lines mean; each result is the end of a turn of its own. */
export function replay(
  adapter: AgentAdapter,
  lines: readonly Recorded[],
  onAsked: (adapter: AgentAdapter, update: Asked) => void = () => {},
): AgentUpdate[] {
  let turns = 0;
  let isRunning = false;
  return lines.flatMap((value) => {
    if (value.type === "control_response") return [];
    if (value.type === "system" && value.subtype === "init" && !isRunning) {
      prompt(adapter, `turn_${++turns}`);
      isRunning = true;
    }
    if (value.type === "result") isRunning = false;
    // The recorded messages had other ids.
    const { user_message_uuid: _, user_message_uuids: __, ...rest } = value;
    const { updates }: Received = adapter.receive(line(rest));
    for (const update of updates) if (update.kind === "approval_requested") onAsked(adapter, update);
    return updates;
  });
}

export type Asked = Extract<AgentUpdate, { kind: "approval_requested" }>;

export const ofKind = <K extends AgentUpdate["kind"]>(updates: readonly AgentUpdate[], kind: K) =>
  updates.filter((each): each is Extract<AgentUpdate, { kind: K }> => each.kind === kind);
