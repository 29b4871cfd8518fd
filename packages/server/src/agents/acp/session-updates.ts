import { create } from "@bufbuild/protobuf";
import { PartSchema } from "@stratavore/proto";
import type { AgentUpdate, CumulativeCost } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { countIn, recordIn, recordsIn, textIn } from "../read.js";
import { partOf } from "./content.js";
import { noteModel } from "./models.js";
import type { AcpState } from "./state.js";
import { noteToolCall } from "./tool-calls.js";

const nanosPerUnit = 1e9;
/** A message id that is longer is none of use. */
const maxBoundary = 128;

/** What one `session/update` says. Kinds that only concern an editor's own controls say nothing here. */
export function updatesOf(
  state: AcpState,
  sessionId: string,
  agentSessionId: string,
  update: Record<string, unknown>,
): AgentUpdate[] {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
      return chunkOf("text", sessionId, update);
    case "agent_thought_chunk":
      return chunkOf("thinking", sessionId, update);
    case "tool_call":
    case "tool_call_update":
      return [{ kind: "tool_call", sessionId, call: noteToolCall(state.toolCalls, agentSessionId, update) }];
    case "plan": {
      const entries = recordsIn(update.entries).map(({ content, status, priority }) => ({
        content: textIn(content),
        status: textIn(status),
        priority: textIn(priority),
      }));
      const part = create(PartSchema, { kind: { case: "plan", value: { entries } } });
      return [{ kind: "part", sessionId, part }];
    }
    case "usage_update": {
      const cost = costIn(update.cost);
      const size = countIn(update.size);
      return [{ kind: "context", sessionId, used: countIn(update.used), size, ...(cost && { cost }) }];
    }
    case "session_info_update": {
      const title = textIn(update.title);
      return title === "" ? [] : [{ kind: "title", sessionId, title }];
    }
    case "config_option_update": {
      const model = noteModel(state, sessionId, update.configOptions);
      return model === "" ? [] : [{ kind: "model", sessionId, model }];
    }
    default:
      return [];
  }
}

function chunkOf(
  kind: "text" | "thinking",
  sessionId: string,
  { content, messageId }: Record<string, unknown>,
): AgentUpdate[] {
  const block = recordIn(content);
  if (block.type !== "text") return [{ kind: "part", sessionId, part: partOf(block) }];
  const id = textIn(messageId);
  const boundary = id === "" || id.length > maxBoundary ? {} : { boundary: id };
  return [{ kind, sessionId, text: textIn(block.text), ...boundary }];
}

function costIn(value: unknown): CumulativeCost | undefined {
  if (!isRecord(value) || typeof value.amount !== "number" || typeof value.currency !== "string")
    return undefined;
  return { nanos: countIn(Math.round(value.amount * nanosPerUnit)), currency: textIn(value.currency) };
}
