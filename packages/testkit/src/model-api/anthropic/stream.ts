import type { Frame, Served } from "../dialect.js";
import { signatureOf, stopReason, toMessage, toUsage } from "./message.js";

/** `message_start`, a ping, and each block from its start to its stop. */
export function* beginMessage(served: Served): Iterable<Frame> {
  yield frame("message_start", { message: toMessage(served, [], false) });
  yield frame("ping", {});
  for (const [index, part] of served.parts.entries()) {
    if (part.type === "text") {
      yield frame("content_block_start", { index, content_block: { type: "text", text: "" } });
      for (const text of served.pieces(part.text)) yield delta(index, { type: "text_delta", text });
    } else if (part.type === "thinking") {
      const content_block = { type: "thinking", thinking: "", signature: "" };
      yield frame("content_block_start", { index, content_block });
      for (const thinking of served.pieces(part.text))
        yield delta(index, { type: "thinking_delta", thinking });
      yield delta(index, { type: "signature_delta", signature: signatureOf(part.text) });
    } else {
      const content_block = { type: "tool_use", id: `toolu_${part.id}`, name: part.name, input: {} };
      yield frame("content_block_start", { index, content_block });
      for (const partial_json of ["", ...served.pieces(JSON.stringify(part.input))]) {
        yield delta(index, { type: "input_json_delta", partial_json });
      }
    }
    yield frame("content_block_stop", { index });
  }
}

/** The stop reason with the usage of the whole message. */
export function* endMessage(served: Served): Iterable<Frame> {
  yield frame("message_delta", {
    delta: { stop_reason: stopReason(served), stop_sequence: null },
    usage: toUsage(served.usage),
  });
  yield frame("message_stop", {});
}

function delta(index: number, piece: object): Frame {
  return { ...frame("content_block_delta", { index, delta: piece }), isPiece: true };
}

function frame(type: string, fields: object): Frame {
  return { event: type, data: { type, ...fields } };
}
