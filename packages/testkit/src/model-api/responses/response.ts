import type { TokenUsage } from "../answer/answer.js";
import type { Served } from "../dialect.js";
import { type Json, objectsOf } from "../json.js";

/** The response object; `output` is what it holds so far. */
export function toResponse(served: Served, output: readonly Json[], isEnded: boolean) {
  const { id, createdAt, request, stopReason } = served;
  const reasons = {
    max_tokens: "max_output_tokens",
    refusal: "content_filter",
    end_turn: undefined,
  } as const;
  const reason = isEnded ? reasons[stopReason] : undefined;
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: createdAt,
    status: endStatus(served, isEnded),
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: request.body.instructions ?? null,
    metadata: {},
    model: request.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    temperature: 1,
    tool_choice: request.body.tool_choice ?? "auto",
    tools: objectsOf(request.body.tools),
    top_p: 1,
    usage: isEnded ? toUsage(served.usage) : null,
  };
}

/** How a response stands. */
export function endStatus({ stopReason }: Served, isEnded: boolean): string {
  if (!isEnded) return "in_progress";
  return stopReason === "end_turn" ? "completed" : "incomplete";
}

/** The items of a whole response. */
export function toItems(served: Served): Json[] {
  return served.parts.map((part, index) => toItem(served, part, index, true));
}

/** One item of the output, full or just added. */
export function toItem(served: Served, part: Served["parts"][number], index: number, isDone: boolean): Json {
  const status = isDone ? "completed" : "in_progress";
  const id = `${served.id}${index}`;
  if (part.type === "text") {
    const content = isDone ? [textPart(part.text)] : [];
    return { id: `msg_${id}`, type: "message", role: "assistant", status, content };
  }
  if (part.type === "thinking") {
    const summary = isDone ? [{ type: "summary_text", text: part.text }] : [];
    return { id: `rs_${id}`, type: "reasoning", summary, encrypted_content: null };
  }
  const call = { call_id: `call_${part.id}`, name: part.name, status };
  if (takesText(served, part.name)) {
    return { id: `ctc_${id}`, type: "custom_tool_call", ...call, input: isDone ? inputText(part.input) : "" };
  }
  return {
    id: `fc_${id}`,
    type: "function_call",
    ...call,
    arguments: isDone ? JSON.stringify(part.input) : "",
  };
}

/** A tool that takes free text in place of JSON. */
export function takesText({ request }: Served, tool: string): boolean {
  return objectsOf(request.body.tools).some(({ name, type }) => name === tool && type === "custom");
}

/** What such a tool is given. */
export function inputText(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}

/** Text inside a message. */
export function textPart(text: string): Json {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** Input tokens include the cached ones. */
function toUsage({ input, output, cacheRead, cacheWrite, reasoning }: TokenUsage) {
  const prompt = input + cacheRead + cacheWrite;
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + output,
  };
}
