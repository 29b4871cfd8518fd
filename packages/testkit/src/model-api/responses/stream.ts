import type { Frame, Served } from "../dialect.js";
import type { Json } from "../json.js";
import { inputText, takesText, textPart, toItem, toItems, toResponse } from "./response.js";

interface Event {
  readonly type: string;
  readonly fields: Json;
  readonly isPiece?: true;
}

/** The response's start, and each item from its start to its end. */
export function* beginResponse(served: Served): Iterable<Frame> {
  yield* numbered(opening(served), 0);
}

/** The whole response once more. */
export function* endResponse(served: Served): Iterable<Frame> {
  const response = toResponse(served, toItems(served), true);
  yield* numbered(
    [{ type: `response.${response.status}`, fields: { response } }],
    [...opening(served)].length,
  );
}

function* numbered(events: Iterable<Event>, first: number): Iterable<Frame> {
  let sequence_number = first;
  for (const { type, fields, isPiece } of events) {
    yield { event: type, data: { type, sequence_number, ...fields }, isPiece };
    sequence_number += 1;
  }
}

function* opening(served: Served): Iterable<Event> {
  const response = toResponse(served, [], false);
  yield { type: "response.created", fields: { response } };
  yield { type: "response.in_progress", fields: { response } };
  for (const [output_index, part] of served.parts.entries()) {
    const added = toItem(served, part, output_index, false);
    const done = toItem(served, part, output_index, true);
    yield { type: "response.output_item.added", fields: { output_index, item: added } };
    const at = { item_id: added.id, output_index };
    if (part.type === "text") yield* text(served, part.text, { ...at, content_index: 0 });
    else if (part.type === "thinking") yield* reasoning(served, part.text, { ...at, summary_index: 0 });
    else yield* call(served, part, at);
    yield { type: "response.output_item.done", fields: { output_index, item: done } };
  }
}

function* text(served: Served, text: string, at: Json): Iterable<Event> {
  yield { type: "response.content_part.added", fields: { ...at, part: textPart("") } };
  for (const delta of served.pieces(text)) {
    yield { type: "response.output_text.delta", fields: { ...at, delta, logprobs: [] }, isPiece: true };
  }
  yield { type: "response.output_text.done", fields: { ...at, text, logprobs: [] } };
  yield { type: "response.content_part.done", fields: { ...at, part: textPart(text) } };
}

function* reasoning(served: Served, text: string, at: Json): Iterable<Event> {
  const part = { type: "summary_text", text: "" };
  yield { type: "response.reasoning_summary_part.added", fields: { ...at, part } };
  for (const delta of served.pieces(text)) {
    yield { type: "response.reasoning_summary_text.delta", fields: { ...at, delta }, isPiece: true };
  }
  yield { type: "response.reasoning_summary_text.done", fields: { ...at, text } };
  yield { type: "response.reasoning_summary_part.done", fields: { ...at, part: { ...part, text } } };
}

function* call(served: Served, part: { name: string; input: unknown }, at: Json): Iterable<Event> {
  const isText = takesText(served, part.name);
  const type = isText ? "response.custom_tool_call_input" : "response.function_call_arguments";
  const input = isText ? inputText(part.input) : JSON.stringify(part.input);
  for (const delta of served.pieces(input)) {
    yield { type: `${type}.delta`, fields: { ...at, delta }, isPiece: true };
  }
  yield {
    type: `${type}.done`,
    fields: { ...at, ...(isText ? { input } : { name: part.name, arguments: input }) },
  };
}
