import type { NodeRequest, NodeResponse } from "./node-handler.js";

/** Enough for the rest of a small call; who sends more after the answer is cut off. */
const maxDiscardedBytes = 1024 * 1024;

/**
 * Reads on after an early answer, so that a client which is still sending sees that answer and not a reset, but not
 * without end.
 */
export function discardBody(request: NodeRequest, response: NodeResponse): void {
  if (request.readableEnded || request.destroyed) return;
  let left = maxDiscardedBytes;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0) return;
    if ("stream" in request) request.stream.close();
    else response.destroy();
  });
  request.resume();
}
