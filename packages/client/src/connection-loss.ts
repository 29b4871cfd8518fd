import { Code, ConnectError } from "@connectrpc/connect";

/** What Connect's transports say when an answer was cut off, in place of any word from the server. */
const cutOff =
  /^http\/2 stream closed with error code|missing (status|trailer|EndStreamResponse|response body|output message)|incomplete envelope/;
const refusedByPeer = /\((0xc|0xd)\)$/;
const calmDown = /ENHANCE_YOUR_CALM/;

/** System, TLS and HTTP/2 errors of a connection that broke. A refused client certificate shows up here in TLS 1.3. */
const brokenConnection =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ERR_STREAM_|ERR_HTTP2_(STREAM|SESSION|INVALID_STREAM|INVALID_SESSION|GOAWAY|PING)|ERR_SSL_|UND_ERR_)/;

/** What `fetch` and its body say in Chromium, Firefox, Safari and Node; anything more they keep from a page. */
const failedFetch = /fetch|network|^load failed|^terminated|input stream/i;

/**
 * Turns what a broken connection looks like in each protocol and runtime (a reset, a missing trailer, a failed fetch)
 * into UNAVAILABLE with the original as its cause. Errors that the server sent come back as they are.
 */
export function connectionLossAsUnavailable(reason: unknown): ConnectError {
  const error = ConnectError.from(reason);
  if (error.code === Code.Unavailable || !isConnectionLoss(error)) return error;
  if (calmDown.test(error.rawMessage)) {
    return unavailable("the stream was read too slowly, so the server reset it", error);
  }
  const why = causes(error).find((cause) => cause.code !== undefined)?.code ?? error.rawMessage;
  return unavailable(`the connection to the server was lost (${why || "no reason given"})`, error);
}

function isConnectionLoss(error: ConnectError): boolean {
  // Only an error that came over the wire has metadata.
  if (!error.metadata.keys().next().done) return false;
  if (cutOff.test(error.rawMessage)) return !refusedByPeer.test(error.rawMessage);
  return causes(error).some(({ reason, code }) =>
    code === undefined
      ? reason instanceof TypeError && failedFetch.test(reason.message)
      : brokenConnection.test(code),
  );
}

function causes(error: ConnectError): { reason: Error; code: string | undefined }[] {
  const chain = [];
  for (let reason = error.cause; reason instanceof Error && chain.length < 10; reason = reason.cause) {
    const code = "code" in reason && typeof reason.code === "string" ? reason.code : undefined;
    chain.push({ reason, code });
  }
  return chain;
}

function unavailable(sentence: string, cause: ConnectError): ConnectError {
  return new ConnectError(sentence, Code.Unavailable, undefined, undefined, cause);
}
