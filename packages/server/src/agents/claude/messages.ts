import { ToolCallStatus } from "@stratavore/proto";
import type { AgentUpdate } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { recordIn, recordsIn, textIn } from "../read.js";
import { partsOf } from "./prompt.js";
import type { ClaudeState } from "./state.js";
import { noteUsed, nothingUsed } from "./streamed-usage.js";
import { isEdit, planOf, toolCallOf, toolResultOf } from "./tools.js";

type Message = Record<string, unknown>;

/** A message id that is longer is none of use. */
const maxBoundary = 128;
/** Calls that are followed at a time; of more than that the oldest are forgotten. */
const maxCalls = 256;

const boundaryOf = (id: unknown): string => (textIn(id).length > maxBoundary ? "" : textIn(id));

const newMessage = (id: string) => ({ id, text: false, thinking: false, used: nothingUsed() });

const withBoundary = (id: string) => (id === "" ? {} : { boundary: id });

/** What a subagent says is its caller's to hear; the transcript has the call and its result. */
const isOfSubagent = ({ parent_tool_use_id: parent }: Message) => typeof parent === "string";

/** A piece of an answer that is still being made. */
export function onStreamEvent(state: ClaudeState, sessionId: string, line: Message): AgentUpdate[] {
  if (isOfSubagent(line)) return [];
  const event = recordIn(line.event);
  switch (event.type) {
    case "message_start": {
      const message = recordIn(event.message);
      state.message = newMessage(boundaryOf(message.id));
      const used = noteUsed(state, sessionId, message.usage);
      if (!state.isLimited) return used;
      delete state.isLimited;
      return [{ kind: "activity", sessionId, activity: "working" }, ...used];
    }
    case "message_delta":
      return noteUsed(state, sessionId, event.usage);
    case "content_block_delta":
      return onDelta(state, sessionId, recordIn(event.delta));
    default:
      return [];
  }
}

function onDelta(state: ClaudeState, sessionId: string, delta: Message): AgentUpdate[] {
  state.message ??= newMessage("");
  const { message } = state;
  const kind =
    delta.type === "text_delta" ? "text" : delta.type === "thinking_delta" ? "thinking" : undefined;
  if (kind === undefined) return [];
  message[kind] = true;
  const text = textIn(delta[kind]);
  return text === "" ? [] : [{ kind, sessionId, text, ...withBoundary(message.id) }];
}

/** A whole block of an answer: what was streamed is told already. */
export function onAssistant(state: ClaudeState, sessionId: string, line: Message): AgentUpdate[] {
  const message = recordIn(line.message);
  const id = boundaryOf(message.id);
  const streamed = id !== "" && state.message?.id === id ? state.message : undefined;
  return recordsIn(message.content).flatMap((block): AgentUpdate[] => {
    if (block.type === "tool_use") return onToolUse(state, sessionId, block);
    const kind = block.type === "text" || block.type === "thinking" ? block.type : undefined;
    if (kind === undefined || isOfSubagent(line) || streamed?.[kind]) return [];
    const text = textIn(block[kind]);
    return text === "" ? [] : [{ kind, sessionId, text, ...withBoundary(id) }];
  });
}

function onToolUse(state: ClaudeState, sessionId: string, block: Message): AgentUpdate[] {
  const id = textIn(block.id);
  const name = textIn(block.name);
  const input = recordIn(block.input);
  state.calls[id] = { name };
  const [oldest, ...others] = Object.keys(state.calls);
  if (oldest !== undefined && others.length >= maxCalls) delete state.calls[oldest];
  const call = toolCallOf(id, name, input, ToolCallStatus.IN_PROGRESS);
  const updates: AgentUpdate[] = [{ kind: "tool_call", sessionId, call }];
  if (name === "TodoWrite") updates.push({ kind: "part", sessionId, part: planOf(input) });
  return updates;
}

/** What Claude Code tells itself as its user: the results of its tools. */
export function onUser(state: ClaudeState, sessionId: string, line: Message): AgentUpdate[] {
  const { content } = recordIn(line.message);
  return recordsIn(content).flatMap((block): AgentUpdate[] => {
    if (block.type !== "tool_result") return [];
    const id = textIn(block.tool_use_id);
    const call = Object.hasOwn(state.calls, id) ? state.calls[id] : undefined;
    delete state.calls[id];
    const failed = block.is_error === true;
    const status = failed ? ToolCallStatus.FAILED : ToolCallStatus.COMPLETED;
    const edited = call !== undefined && isRecord(call.edited) ? call.edited : undefined;
    const changed =
      call !== undefined && edited !== undefined && !failed ? { tool: call.name, input: edited } : undefined;
    // The change itself was told with the call; one that failed has changed nothing.
    const content = call !== undefined && isEdit(call.name) && !failed ? [] : partsOf(block.content);
    return [{ kind: "tool_call", sessionId, call: toolResultOf(id, status, content, changed) }];
  });
}
