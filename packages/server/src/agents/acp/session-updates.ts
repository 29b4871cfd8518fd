import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { create } from "@bufbuild/protobuf";
import { PartSchema } from "@stratavore/proto";
import type { AgentUpdate } from "../adapter.js";
import { partOf } from "./content.js";
import type { AcpState } from "./state.js";
import { isOver, merge, toolCallOf } from "./tool-calls.js";

const nanosPerUnit = 1e9;

/** What one `session/update` says. Kinds that only concern an editor's own controls say nothing here. */
export function updatesOf(
  state: AcpState,
  sessionId: string,
  agentSessionId: string,
  update: SessionUpdate,
): AgentUpdate[] {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
    case "agent_thought_chunk": {
      const boundary = update.messageId == null ? {} : { boundary: update.messageId };
      if (update.content.type !== "text") return [{ kind: "part", sessionId, part: partOf(update.content) }];
      const kind = update.sessionUpdate === "agent_message_chunk" ? "text" : "thinking";
      return [{ kind, sessionId, text: update.content.text, ...boundary }];
    }
    case "tool_call":
    case "tool_call_update": {
      const key = `${agentSessionId}\u0000${update.toolCallId}`;
      const call = merge(state.toolCalls[key], update);
      if (isOver(call)) delete state.toolCalls[key];
      else state.toolCalls[key] = call;
      return [{ kind: "tool_call", sessionId, call: toolCallOf(call) }];
    }
    case "plan":
      return [
        {
          kind: "part",
          sessionId,
          key: "plan",
          part: create(PartSchema, { kind: { case: "plan", value: { entries: update.entries } } }),
        },
      ];
    case "usage_update":
      return [
        {
          kind: "context",
          sessionId,
          used: BigInt(Math.trunc(update.used)),
          size: BigInt(Math.trunc(update.size)),
          ...(update.cost && {
            cost: {
              nanos: BigInt(Math.round(update.cost.amount * nanosPerUnit)),
              currency: update.cost.currency,
            },
          }),
        },
      ];
    case "session_info_update":
      return update.title ? [{ kind: "title", sessionId, title: update.title }] : [];
    case "config_option_update": {
      const model = currentModel(update.configOptions);
      return model ? [{ kind: "model", sessionId, model }] : [];
    }
    default:
      return [];
  }
}

interface ConfigOption {
  id: string;
  type: string;
  category?: string | null;
  currentValue?: unknown;
}

export const modelOption = (options: readonly ConfigOption[] | null | undefined) =>
  options?.find((option) => option.category === "model" && option.type === "select");

export function currentModel(options: readonly ConfigOption[] | null | undefined): string {
  const value = modelOption(options)?.currentValue;
  return typeof value === "string" ? value : "";
}
