import { createHash } from "node:crypto";
import type { AgentAdapter, AgentUpdate, OpenSession, Received } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { answerTo, onCancelRequest, onControlRequest } from "./approvals.js";
import { ask, mcpServersOf, onControlResponse } from "./control.js";
import type { ClaudeLaunch } from "./launch.js";
import { onAssistant, onStreamEvent, onUser } from "./messages.js";
import { currentModel } from "./models.js";
import { blocksOf, refusedIn } from "./prompt.js";
import { onResult } from "./results.js";
import { type ClaudeState, initialState } from "./state.js";
import { onRateLimit, onSystem } from "./system.js";

type Line = Record<string, unknown>;

const nothing = (): Received => ({ updates: [], send: [] });

/**
 * Claude Code's own protocol: JSON lines on its input and output, as `claude -p --input-format stream-json` speaks them.
 * Its types are published by no document that binds it, so each field is read as if it could be anything.
 */
export function createClaudeAdapter(launch: ClaudeLaunch, stored?: unknown): AgentAdapter {
  // A state that an earlier version has stored may lack what is new.
  const state: ClaudeState = { ...initialState(launch), ...(stored as ClaudeState | undefined) };

  function onLine(line: Line): Received {
    if (line.type === "control_request") return onControlRequest(state, line);
    if (line.type === "control_response") return onControlResponse(state, line);
    if (line.type === "result") return { updates: onResult(state, line), send: [] };
    const { sessionId } = state;
    return sessionId === undefined ? nothing() : { updates: said(sessionId, line), send: [] };
  }

  function said(sessionId: string, line: Line): AgentUpdate[] {
    switch (line.type) {
      case "stream_event":
        return onStreamEvent(state, sessionId, line);
      case "assistant":
        return onAssistant(state, sessionId, line);
      case "user":
        return onUser(state, sessionId, line);
      case "system":
        return onSystem(state, sessionId, line);
      case "rate_limit_event":
        return onRateLimit(state, sessionId, line);
      case "control_cancel_request":
        return onCancelRequest(state, sessionId, line);
      default:
        return [];
    }
  }

  function openSession({ sessionId, model, mcpServers, resume, fork }: OpenSession): string[] {
    const why = cannotOpen(resume, fork);
    // It answers any request; the caller hears why with that.
    if (why !== undefined)
      return [ask(state, { subtype: "mcp_status" }, { kind: "refusal", sessionId, why })];
    state.sessionId = sessionId;
    const wanted = currentModel(model);
    const lines: string[] = [];
    if (wanted.model !== "" && wanted.model !== state.askedModel) {
      state.askedModel = wanted.model;
      const pending = { kind: "set_model", asked: wanted.model, opens: true } as const;
      lines.push(ask(state, { subtype: "set_model", model: wanted.model }, pending));
    }
    const servers = mcpServersOf(mcpServers);
    const none = Object.keys(servers).length === 0;
    if (!none || lines.length === 0) {
      const request = none ? { subtype: "mcp_status" } : { subtype: "mcp_set_servers", servers };
      lines.push(ask(state, request, { kind: "mcp" }));
    }
    state.opening = {
      steps: lines.length,
      warnings: wanted.warning === undefined ? [] : [wanted.warning],
    };
    return lines;
  }

  function cannotOpen(resume: string | undefined, fork = false): string | undefined {
    if (state.sessionId !== undefined) return "a process of Claude Code holds one session, and has it";
    const { agentSessionId, resumes } = state.launch;
    const continued = fork ? resumes : agentSessionId;
    if (resume === undefined || resume === continued) return undefined;
    return "a process of Claude Code takes up a session only at its start";
  }

  return {
    state,
    opensSessions: true,
    get hasRoom() {
      return state.sessionId === undefined;
    },
    continuesWhileRunning: false,
    resumesSessions: true,
    forksSessions: true,
    takesMessages: true,
    answersInDetail: true,
    start: () => [ask(state, { subtype: "initialize" }, { kind: "initialize" })],
    receive({ text, stream }) {
      if (stream === "stderr" || text.trim() === "") return nothing();
      const line = parsed(text);
      if (line === undefined) return { updates: [{ kind: "unreadable", text }], send: [] };
      try {
        return onLine(line);
      } catch {
        // A line of the protocol's shape whose content is not: the agent's fault, and never the daemon's end.
        return { updates: [{ kind: "unreadable", text }], send: [] };
      }
    },
    openSession,
    refusal(parts) {
      for (const [index, part] of parts.entries()) {
        const why = refusedIn(part);
        if (why !== undefined) return { index, why };
      }
      return undefined;
    },
    prompt({ turnId, parts }) {
      const uuid = uuidOf(turnId);
      state.turn = { turnId, uuid };
      const message = { role: "user", content: blocksOf(parts) };
      const line = { type: "user", message, uuid, parent_tool_use_id: null, session_id: "" };
      return { updates: [], send: [JSON.stringify(line)] };
    },
    dropPrompt(turnId) {
      if (state.turn?.turnId === turnId) delete state.turn;
    },
    cancel() {
      if (state.turn === undefined) return [];
      state.turn.isCancelled = true;
      return [ask(state, { subtype: "interrupt" }, { kind: "interrupt" })];
    },
    setModel({ sessionId, model }) {
      const wanted = currentModel(model);
      const asked = wanted.model || "default";
      state.askedModel = wanted.model;
      const send = [ask(state, { subtype: "set_model", model: asked }, { kind: "set_model", asked })];
      const about = sessionId ?? state.sessionId ?? "";
      const { warning: message } = wanted;
      return {
        updates: message === undefined ? [] : [{ kind: "warning", sessionId: about, message }],
        send,
      };
    },
    closeSession: () => [],
    answer: (agentRequestId, answer) => answerTo(state, agentRequestId, answer),
  };
}

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && typeof value.type === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Claude Code names a message in what it says of it, by the UUID that it came with. */
function uuidOf(turnId: string): string {
  const hex = createHash("sha256").update(turnId).digest("hex");
  const variant = "89ab"[Number.parseInt(hex[16]!, 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
