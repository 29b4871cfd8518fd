import {
  AGENT_METHODS,
  CLIENT_METHODS,
  type InitializeResponse,
  type LoadSessionResponse,
  type NewSessionResponse,
  PROTOCOL_VERSION,
  type PromptResponse,
  type RequestPermissionRequest,
  type SessionNotification,
} from "@agentclientprotocol/sdk";
import type { AgentAdapter, AgentUpdate, ApprovalAnswer, OpenSession, Received } from "../adapter.js";
import { failure, type Incoming, notification, parseMessage, request, result } from "../json-rpc.js";
import { promptOf } from "./content.js";
import { mcpServersOf } from "./mcp-servers.js";
import { chooseModel } from "./models.js";
import { currentModel, updatesOf } from "./session-updates.js";
import { type AcpState, initialState, type PendingRequest } from "./state.js";
import { merge, toolCallOf } from "./tool-calls.js";
import { turnUsageOf } from "./usage.js";

const methodNotFound = -32601;
const invalidParams = -32602;

export interface AcpOptions {
  /** Told to the agent as the client's version. */
  clientVersion: string;
}

/** The Agent Client Protocol, version 1, as https://agentclientprotocol.com defines it. */
export function createAcpAdapter(options: AcpOptions, stored?: unknown): AgentAdapter {
  const state: AcpState = (stored as AcpState | undefined) ?? initialState();

  function ask(method: string, params: unknown, pending: PendingRequest): string {
    const id = state.nextId++;
    state.pending[id] = pending;
    return request(id, method, params);
  }

  const ourSession = (agentSessionId: string) =>
    Object.keys(state.sessions).find((id) => state.sessions[id] === agentSessionId);

  function opened(sessionId: string, agentSessionId: string, model: string): AgentUpdate {
    return { kind: "session_opened", sessionId, agentSessionId, model };
  }

  function onInitialized(response: InitializeResponse): AgentUpdate[] {
    if (response.protocolVersion !== PROTOCOL_VERSION) {
      const reason = `the agent speaks version ${response.protocolVersion} of the Agent Client Protocol, not ${PROTOCOL_VERSION}`;
      return [{ kind: "unusable", reason }];
    }
    const capabilities = response.agentCapabilities;
    state.capabilities = {
      load: capabilities?.loadSession ?? false,
      resume: capabilities?.sessionCapabilities?.resume != null,
      mcpHttp: capabilities?.mcpCapabilities?.http ?? false,
    };
    const { name = "", version = "" } = response.agentInfo ?? {};
    return [{ kind: "ready", agentName: name, agentVersion: version }];
  }

  function onSession(
    pending: Extract<PendingRequest, { resume?: string }>,
    response: NewSessionResponse | LoadSessionResponse,
  ): Received {
    const { sessionId, model } = pending;
    const agentSessionId = pending.resume ?? (response as NewSessionResponse).sessionId;
    state.sessions[sessionId] = agentSessionId;
    state.replaying = state.replaying.filter((id) => id !== agentSessionId);
    const current = currentModel(response.configOptions);
    const choice = chooseModel(model, response.configOptions);
    if (choice.kind === "set") {
      const params = { sessionId: agentSessionId, configId: choice.configId, value: choice.value };
      const next: PendingRequest = {
        method: "session/set_config_option",
        sessionId,
        agentSessionId,
        model: choice.value,
      };
      return { updates: [], send: [ask(AGENT_METHODS.session_set_config_option, params, next)] };
    }
    const updates: AgentUpdate[] = [opened(sessionId, agentSessionId, current)];
    if (choice.kind === "impossible") updates.push({ kind: "warning", sessionId, message: choice.why });
    return { updates, send: [] };
  }

  function onResult(pending: PendingRequest, value: unknown): Received {
    switch (pending.method) {
      case "initialize":
        return { updates: onInitialized(value as InitializeResponse), send: [] };
      case "session/new":
      case "session/load":
      case "session/resume":
        return onSession(pending, (value ?? {}) as NewSessionResponse);
      case "session/set_config_option":
        return { updates: [opened(pending.sessionId, pending.agentSessionId, pending.model)], send: [] };
      case "session/prompt": {
        const response = value as PromptResponse;
        state.toolCalls = {};
        return {
          updates: [
            {
              kind: "turn_ended",
              sessionId: pending.sessionId,
              turnId: pending.turnId,
              stopReason: String(response?.stopReason ?? "end_turn"),
              usage: turnUsageOf(response),
            },
          ],
          send: [],
        };
      }
    }
  }

  function onError(pending: PendingRequest, code: number, message: string): AgentUpdate[] {
    const error = `${message} (${code})`;
    switch (pending.method) {
      case "initialize":
        return [{ kind: "unusable", reason: `the agent refused to start: ${error}` }];
      case "session/new":
      case "session/load":
      case "session/resume":
        state.replaying = state.replaying.filter((id) => id !== pending.resume);
        return [{ kind: "session_failed", sessionId: pending.sessionId, error }];
      case "session/set_config_option": {
        const { sessionId, agentSessionId, model } = pending;
        const warning = `the agent did not take the model ${model}: ${error}`;
        return [opened(sessionId, agentSessionId, ""), { kind: "warning", sessionId, message: warning }];
      }
      case "session/prompt": {
        state.toolCalls = {};
        const { sessionId, turnId } = pending;
        return [{ kind: "turn_ended", sessionId, turnId, stopReason: "error", error }];
      }
    }
  }

  function onNotification(method: string, params: unknown): AgentUpdate[] {
    if (method !== CLIENT_METHODS.session_update) return [];
    const { sessionId: agentSessionId, update } = params as SessionNotification;
    const sessionId = ourSession(agentSessionId);
    if (sessionId === undefined || state.replaying.includes(agentSessionId)) return [];
    return updatesOf(state, sessionId, agentSessionId, update);
  }

  function onRequest(id: string | number, method: string, params: unknown): Received {
    if (method !== CLIENT_METHODS.session_request_permission) {
      return { updates: [], send: [failure(id, methodNotFound, `"${method}" is not offered`)] };
    }
    const { sessionId: agentSessionId, toolCall, options } = params as RequestPermissionRequest;
    const sessionId = ourSession(agentSessionId);
    if (sessionId === undefined) {
      return { updates: [], send: [failure(id, invalidParams, `unknown session ${agentSessionId}`)] };
    }
    const key = `${agentSessionId}\u0000${toolCall.toolCallId}`;
    const call = merge(state.toolCalls[key], toolCall);
    state.toolCalls[key] = call;
    const agentRequestId = `${typeof id}:${id}`;
    state.questions[agentRequestId] = id;
    const choices = options.map(({ optionId, name, kind }) => ({ id: optionId, name, kind }));
    const toolCallNow = toolCallOf(call);
    return {
      updates: [
        { kind: "tool_call", sessionId, call: toolCallNow },
        { kind: "approval_requested", sessionId, agentRequestId, toolCall: toolCallNow, options: choices },
      ],
      send: [],
    };
  }

  function onMessage(message: Incoming): Received {
    switch (message.kind) {
      case "request":
        return onRequest(message.id, message.method, message.params);
      case "notification":
        return { updates: onNotification(message.method, message.params), send: [] };
      default: {
        const pending = message.id === null ? undefined : state.pending[message.id];
        if (pending === undefined) return { updates: [], send: [] };
        delete state.pending[message.id as string | number];
        if (message.kind === "result") return onResult(pending, message.result);
        return { updates: onError(pending, message.code, message.message), send: [] };
      }
    }
  }

  return {
    state,
    opensSessions: true,
    get resumesSessions() {
      return state.capabilities.load || state.capabilities.resume;
    },
    takesMessages: true,
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
    receive(line, stream) {
      if (stream === "stderr" || line.trim() === "") return { updates: [], send: [] };
      const message = parseMessage(line);
      if (message === null) return { updates: [{ kind: "unreadable", text: line }], send: [] };
      try {
        return onMessage(message);
      } catch {
        // A message of the protocol's shape whose content is not: the agent's fault, and never the daemon's end.
        return { updates: [{ kind: "unreadable", text: line }], send: [] };
      }
    },
    openSession({ sessionId, cwd, model, mcpServers, resume }: OpenSession) {
      const common = { cwd, mcpServers: mcpServersOf(mcpServers, state.capabilities.mcpHttp) };
      if (resume === undefined) {
        return [ask(AGENT_METHODS.session_new, common, { method: "session/new", sessionId, model })];
      }
      const method = state.capabilities.resume ? "session/resume" : "session/load";
      state.sessions[sessionId] = resume;
      state.replaying.push(resume);
      return [ask(method, { ...common, sessionId: resume }, { method, sessionId, model, resume })];
    },
    prompt({ sessionId, turnId, parts }) {
      const params = { sessionId: state.sessions[sessionId], prompt: promptOf(parts) };
      const line = ask(AGENT_METHODS.session_prompt, params, { method: "session/prompt", sessionId, turnId });
      return { updates: [], send: [line] };
    },
    cancel: (sessionId) => {
      const agentSessionId = state.sessions[sessionId];
      return agentSessionId === undefined
        ? []
        : [notification(AGENT_METHODS.session_cancel, { sessionId: agentSessionId })];
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
