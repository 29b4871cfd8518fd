import { AGENT_METHODS, CLIENT_METHODS, PROTOCOL_VERSION } from "@agentclientprotocol/sdk";
import type { AgentAdapter, AgentUpdate, ApprovalAnswer, OpenSession, Received } from "../adapter.js";
import { failure, type Incoming, notification, parseMessage, request, result } from "../json-rpc.js";
import { recordIn, textIn } from "../read.js";
import { promptOf, refusedIn } from "./content.js";
import { mcpServersOf } from "./mcp-servers.js";
import { askedOf } from "./permission.js";
import { onError, onResult } from "./responses.js";
import { changeModel } from "./session-model.js";
import { updatesOf } from "./session-updates.js";
import { type AcpState, type Answered, initialState, type PendingRequest } from "./state.js";

const methodNotFound = -32601;
const invalidParams = -32602;
const internalError = -32603;

export interface AcpOptions {
  /** Told to the agent as the client's version. */
  clientVersion: string;
}

/**
 * The Agent Client Protocol, version 1, as https://agentclientprotocol.com defines it. What an agent sends is only said
 * to be of the protocol's types, and is read field by field.
 */
export function createAcpAdapter(options: AcpOptions, stored?: unknown): AgentAdapter {
  // A state that an earlier version has stored may lack what is new.
  const state: AcpState = { ...initialState(), ...(stored as AcpState | undefined) };

  function ask(method: string, params: unknown, pending: PendingRequest): string {
    const id = state.nextId++;
    state.pending[id] = pending;
    return request(id, method, params);
  }

  const ourSession = (agentSessionId: string) =>
    Object.keys(state.sessions).find((id) => state.sessions[id] === agentSessionId);

  function onAnswer(message: Extract<Incoming, { kind: "result" | "error" }>): Received {
    const id = String(message.id);
    const pending = Object.hasOwn(state.pending, id) ? state.pending[id] : undefined;
    if (pending === undefined) return { updates: [], send: [] };
    delete state.pending[id];
    if (message.kind === "error") return going(onError(state, pending, message));
    try {
      return going(onResult(state, pending, message.result));
    } catch {
      // Whoever waits for the answer must hear of it, whatever is wrong with it.
      const refusal = { code: internalError, message: "the agent's answer could not be read" };
      return going(onError(state, pending, refusal));
    }
  }

  const going = ({ updates, next }: Answered): Received => ({
    updates,
    send: next === undefined ? [] : [ask(next.method, next.params, next.pending)],
  });

  function onNotification(method: string, params: Record<string, unknown>): AgentUpdate[] {
    if (method !== CLIENT_METHODS.session_update) return [];
    const agentSessionId = textIn(params.sessionId);
    const sessionId = ourSession(agentSessionId);
    if (sessionId === undefined || state.replaying.includes(agentSessionId)) return [];
    return updatesOf(state, sessionId, agentSessionId, recordIn(params.update));
  }

  function onRequest(id: string | number, method: string, params: Record<string, unknown>): Received {
    const refused = (code: number, why: string) => ({ updates: [], send: [failure(id, code, why)] });
    if (method !== CLIENT_METHODS.session_request_permission) {
      return refused(methodNotFound, `"${method}" is not offered`);
    }
    const agentSessionId = textIn(params.sessionId);
    const sessionId = ourSession(agentSessionId);
    if (sessionId === undefined) return refused(invalidParams, `unknown session ${agentSessionId}`);
    const asked = askedOf(state, id, { sessionId, agentSessionId }, params);
    return typeof asked === "string" ? refused(invalidParams, asked) : { updates: asked, send: [] };
  }

  function onMessage(message: Incoming): Received {
    switch (message.kind) {
      case "request":
        return onRequest(message.id, message.method, recordIn(message.params));
      case "notification":
        return { updates: onNotification(message.method, recordIn(message.params)), send: [] };
      default:
        return onAnswer(message);
    }
  }

  return {
    state,
    opensSessions: true,
    hasRoom: true,
    continuesWhileRunning: true,
    get resumesSessions() {
      return state.capabilities.load || state.capabilities.resume;
    },
    get forksSessions() {
      return state.capabilities.fork;
    },
    takesMessages: true,
    answersInDetail: false,
    start: () => [
      ask(
        AGENT_METHODS.initialize,
        {
          protocolVersion: PROTOCOL_VERSION,
          clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
          clientInfo: { name: "stratavore", title: "Stratavore", version: options.clientVersion },
        },
        { method: "initialize" },
      ),
    ],
    receive({ text, stream }) {
      if (stream === "stderr" || text.trim() === "") return { updates: [], send: [] };
      const message = parseMessage(text);
      if (message === null) return { updates: [{ kind: "unreadable", text }], send: [] };
      try {
        return onMessage(message);
      } catch {
        // A message of the protocol's shape whose content is not: the agent's fault, and never the daemon's end.
        return { updates: [{ kind: "unreadable", text }], send: [] };
      }
    },
    openSession({ sessionId, cwd, model, mcpServers, resume, fork }: OpenSession) {
      const common = { cwd, mcpServers: mcpServersOf(mcpServers, state.capabilities.mcpHttp) };
      if (resume === undefined) {
        return [ask(AGENT_METHODS.session_new, common, { method: "session/new", sessionId, model })];
      }
      if (fork) {
        const pending = { method: "session/fork", sessionId, model } as const;
        return [ask(pending.method, { ...common, sessionId: resume }, pending)];
      }
      const method = state.capabilities.resume ? "session/resume" : "session/load";
      state.sessions[sessionId] = resume;
      state.replaying.push(resume);
      return [ask(method, { ...common, sessionId: resume }, { method, sessionId, model, resume })];
    },
    refusal(parts) {
      for (const [index, part] of parts.entries()) {
        const why = refusedIn(part, state.capabilities.prompt);
        if (why !== undefined) return { index, why };
      }
      return undefined;
    },
    prompt({ sessionId, turnId, parts }) {
      const params = { sessionId: state.sessions[sessionId], prompt: promptOf(parts) };
      const line = ask(AGENT_METHODS.session_prompt, params, { method: "session/prompt", sessionId, turnId });
      return { updates: [], send: [line] };
    },
    dropPrompt(turnId) {
      for (const [id, pending] of Object.entries(state.pending)) {
        if (pending.method === "session/prompt" && pending.turnId === turnId) delete state.pending[id];
      }
    },
    cancel: (sessionId) => {
      const agentSessionId = state.sessions[sessionId];
      return agentSessionId === undefined
        ? []
        : [notification(AGENT_METHODS.session_cancel, { sessionId: agentSessionId })];
    },
    setModel: ({ sessionId, model }) => going(changeModel(state, sessionId, model)),
    closeSession(sessionId) {
      const agentSessionId = state.sessions[sessionId];
      if (agentSessionId === undefined) return [];
      delete state.sessions[sessionId];
      delete state.models[sessionId];
      if (!state.capabilities.close) return [];
      const pending = { method: "session/close", sessionId } as const;
      return [ask(pending.method, { sessionId: agentSessionId }, pending)];
    },
    answer(agentRequestId, answer: ApprovalAnswer) {
      const id = state.questions[agentRequestId];
      if (id === undefined) return [];
      delete state.questions[agentRequestId];
      const outcome =
        "cancelled" in answer ? { outcome: "cancelled" } : { outcome: "selected", optionId: answer.optionId };
      return [result(id, { outcome })];
    },
  };
}
