import { PROTOCOL_VERSION } from "@agentclientprotocol/sdk";
import type { AgentUpdate } from "../adapter.js";
import { recordIn, textIn } from "../read.js";
import { noteModel } from "./models.js";
import { modelRefused, modelSet, openWith } from "./session-model.js";
import type { AcpState, Answered, PendingRequest } from "./state.js";
import { turnUsageOf } from "./usage.js";

const authRequired = -32000;
/** The agent's own session ids are kept and shown. */
const maxSessionIdLength = 1024;
/** What an agent says of an error is kept with turns, sessions and runners. */
const maxErrorLength = 2000;

type Opening = Extract<PendingRequest, { resume?: string }>;

/** What the agent's answer to a request of ours means. */
export function onResult(state: AcpState, pending: PendingRequest, value: unknown): Answered {
  switch (pending.method) {
    case "initialize":
      return { updates: onInitialized(state, recordIn(value)) };
    case "session/new":
    case "session/load":
    case "session/resume":
    case "session/fork":
      return onSession(state, pending, recordIn(value));
    case "session/close":
      return { updates: [] };
    case "session/set_config_option":
      return modelSet(state, pending, recordIn(value).configOptions);
    case "session/prompt": {
      const { sessionId, turnId } = pending;
      const { stopReason, usage } = recordIn(value);
      state.toolCalls = {};
      const figures = turnUsageOf(usage);
      return {
        updates: [
          {
            kind: "turn_ended",
            sessionId,
            turnId,
            stopReason: textIn(stopReason) || "end_turn",
            ...(figures && { usage: figures }),
          },
        ],
      };
    }
  }
}

/** What the agent's refusal of a request of ours means. */
export function onError(
  state: AcpState,
  pending: PendingRequest,
  refusal: { code: number; message: string },
): Answered {
  const error = errorText(refusal);
  switch (pending.method) {
    case "initialize":
      return { updates: [{ kind: "unusable", reason: `the agent refused to start: ${error}` }] };
    case "session/new":
    case "session/load":
    case "session/resume":
    case "session/fork":
      return { updates: [failed(state, pending, error)] };
    case "session/close":
      return { updates: [] };
    case "session/set_config_option":
      return modelRefused(state, pending, error);
    case "session/prompt": {
      state.toolCalls = {};
      const { sessionId, turnId } = pending;
      return { updates: [{ kind: "turn_ended", sessionId, turnId, stopReason: "error", error }] };
    }
  }
}

function errorText({ code, message }: { code: number; message: string }): string {
  const hint = code === authRequired ? "; log in once with the agent's own command, then try again" : "";
  const text = message.length > maxErrorLength ? `${message.slice(0, maxErrorLength)}…` : message;
  return `${text.toWellFormed()} (${code})${hint}`;
}

function onInitialized(state: AcpState, response: Record<string, unknown>): AgentUpdate[] {
  const { protocolVersion } = response;
  if (protocolVersion !== PROTOCOL_VERSION) {
    const said = typeof protocolVersion === "number" ? `version ${protocolVersion}` : "no version it names";
    const reason = `the agent speaks ${said} of the Agent Client Protocol, not version ${PROTOCOL_VERSION}`;
    return [{ kind: "unusable", reason }];
  }
  const capabilities = recordIn(response.agentCapabilities);
  const prompt = recordIn(capabilities.promptCapabilities);
  const session = recordIn(capabilities.sessionCapabilities);
  state.capabilities = {
    load: capabilities.loadSession === true,
    resume: session.resume != null,
    fork: session.fork != null,
    close: session.close != null,
    mcpHttp: recordIn(capabilities.mcpCapabilities).http === true,
    prompt: {
      image: prompt.image === true,
      audio: prompt.audio === true,
      embeddedContext: prompt.embeddedContext === true,
    },
  };
  const { name, version } = recordIn(response.agentInfo);
  return [{ kind: "ready", agentName: textIn(name), agentVersion: textIn(version) }];
}

function failed(state: AcpState, pending: Opening, error: string): AgentUpdate {
  state.replaying = state.replaying.filter((id) => id !== pending.resume);
  delete state.sessions[pending.sessionId];
  delete state.models[pending.sessionId];
  return { kind: "session_failed", sessionId: pending.sessionId, error };
}

function onSession(state: AcpState, pending: Opening, response: Record<string, unknown>): Answered {
  const { sessionId, model } = pending;
  const agentSessionId = pending.resume ?? textIn(response.sessionId);
  if (agentSessionId === "" || agentSessionId.length > maxSessionIdLength) {
    return { updates: [failed(state, pending, "it gave the session no usable id")] };
  }
  // An agent that gives an id again means its session of that name from now on.
  for (const [ours, theirs] of Object.entries(state.sessions)) {
    if (theirs === agentSessionId) delete state.sessions[ours];
  }
  state.sessions[sessionId] = agentSessionId;
  state.replaying = state.replaying.filter((id) => id !== agentSessionId);
  const current = noteModel(state, sessionId, response.configOptions);
  return openWith(state, { sessionId, agentSessionId }, model, current);
}
