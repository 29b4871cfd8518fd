import { createAcpAdapter } from "../../../src/agents/acp/adapter.js";
import type { AgentAdapter, Received } from "../../../src/agents/index.js";

export const options = { clientVersion: "1.2.3" };

export const line = (value: unknown) => ({ stream: "stdout" as const, text: JSON.stringify(value) });

/** What an agent says: answers to our requests by their place, and messages of its own. */
export const answerTo = (id: number, result: unknown) => line({ jsonrpc: "2.0", id, result });
export const refusalOf = (id: number, code: number, message: string) =>
  line({ jsonrpc: "2.0", id, error: { code, message } });
export const update = (sessionId: string, value: unknown) =>
  line({ jsonrpc: "2.0", method: "session/update", params: { sessionId, update: value } });
export const question = (id: unknown, sessionId: string, params: object) =>
  line({ jsonrpc: "2.0", id, method: "session/request_permission", params: { sessionId, ...params } });

export const initialized = {
  protocolVersion: 1,
  agentInfo: { name: "agent", version: "9" },
  agentCapabilities: {
    loadSession: true,
    promptCapabilities: { image: true, embeddedContext: true },
    mcpCapabilities: { http: true },
  },
};

export const parsed = ({ send }: Pick<Received, "send">) => send.map((text) => JSON.parse(text));

export const opening = (sessionId: string, more: object = {}) => ({
  sessionId,
  cwd: "/work",
  model: "",
  mcpServers: [],
  ...more,
});

/** An adapter with an open session: ours `session_1`, the agent's `theirs`. */
export function conversing(): AgentAdapter {
  const adapter = createAcpAdapter(options);
  adapter.start();
  adapter.receive(answerTo(1, initialized));
  adapter.openSession(opening("session_1"));
  adapter.receive(answerTo(2, { sessionId: "theirs" }));
  return adapter;
}

export const text = (value: string) => ({
  kind: { case: "text" as const, value },
  $typeName: "stratavore.v1.Part" as const,
});
