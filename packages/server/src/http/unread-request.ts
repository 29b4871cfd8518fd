import { constants } from "node:http2";
import type { NodeRequest } from "./node-handler.js";

/** What a sound client needs to take the answer and stop sending. */
const graceMs = 1_000;

/**
 * Ends an HTTP/2 stream whose answer is out while its request is not all in, as with a body that is too large: nobody
 * reads the rest, so that its sender would wait for room and hold the stream. HTTP/1.1 throws away the rest by itself.
 */
export function endWhenAnswered(request: NodeRequest): void {
  if (!("stream" in request)) return;
  const { stream } = request;
  stream.once("finish", () => {
    if (stream.readableEnded || stream.destroyed) return;
    const timer = setTimeout(() => {
      // An answer that still waits for its reader is the business of who watches blocked peers.
      if (!stream.destroyed && stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
    }, graceMs);
    stream.once("close", () => clearTimeout(timer));
  });
}
