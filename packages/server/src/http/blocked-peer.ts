import { constants } from "node:http2";
import type { HttpLog } from "./log.js";
import type { NodeRequest, NodeResponse } from "./node-handler.js";

/**
 * Resets a response that has bytes to send of which the peer took none for `blockedMs`: the handler sleeps meanwhile
 * and cannot do it. Node's timers count a partly sent chunk as progress; a response with nothing to send may be silent
 * for as long as it likes.
 */
export function resetWhenBlocked(
  request: NodeRequest,
  response: NodeResponse,
  blockedMs: number,
  log: HttpLog,
): void {
  response.setTimeout(blockedMs, () => {
    if ("stream" in request) {
      if (request.stream.destroyed || request.stream.bufferSize === 0) return;
      log.info({ path: request.url }, "reset a stream whose client does not read");
      request.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (request.socket.writableLength > 0) {
      log.info({ path: request.url }, "closed a connection whose client does not read");
      request.socket.destroy();
    }
  });
}
