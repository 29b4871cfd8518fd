import { Code, ConnectError } from "@connectrpc/connect";

/** What Connect's transports say when an answer was cut off, in place of any word from the server. */
const cutOff =
  /^http\/2 stream closed with error code|missing (status|trailer|EndStreamResponse|response body|output message)|incomplete envelope/;
const refusedByPeer = /\((0xc|0xd)\)$/;
const calmDown = /ENHANCE_YOUR_CALM/;

/** System and HTTP/2 errors of a connection that broke; TLS and protocol errors have other codes. */
const brokenConnection =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ERR_STREAM_|ERR_HTTP2_(STREAM|SESSION|INVALID_STREAM|INVALID_SESSION|GOAWAY|PING)|UND_ERR_)/;

/**
 * Turns what a broken connection looks like in each protocol and runtime (a reset, a missing trailer, a failed fetch)
 * into UNAVAILABLE with the original as its cause. Errors that the server sent come back as they are.
 */
export function connectionLossAsUnavailable(reason: unknown): ConnectError {
  const error = ConnectError.from(reason);
  if (error.code === Code.Unavailable || !isConnectionLoss(error)) return error;
  const sentence = calmDown.test(error.rawMessage)
    ? "the stream was read too slowly, so the server reset it"
    : `the connection to the server was lost (${error.rawMessage || "no reason given"})`;
  return new ConnectError(sentence, Code.Unavailable, undefined, undefined, error);
}

function isConnectionLoss(error: ConnectError): boolean {
  // Only an error that came over the wire has metadata.
  if (!error.metadata.keys().next().done) return false;
  if (cutOff.test(error.rawMessage)) return !refusedByPeer.test(error.rawMessage);
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TypeError && !("code" in cause)) return true;
    if ("code" in cause && typeof cause.code === "string" && brokenConnection.test(cause.code)) return true;
  }
  return false;
}
