import type { ConnectError } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamToJson,
  errorToJsonBytes,
  parseContentType,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { discardBody } from "./discard-body.js";
import { withGrpcMessage } from "./grpc-message.js";
import type { NodeRequest, NodeResponse } from "./node-handler.js";

const textType = "text/plain; charset=utf-8";

/** Answers with a plain HTTP status and one sentence, whatever the protocol of the request. */
export function refuseHttp(
  request: NodeRequest,
  response: NodeResponse,
  status: number,
  sentence: string,
): void {
  response.writeHead(status, { "content-type": textType, "cache-control": "no-store" });
  response.end(`${sentence}\n`);
  discardBody(request, response);
}

/**
 * Answers with an RPC error the way the request's protocol has it: gRPC and gRPC-web with the status in the headers,
 * Connect unary with an HTTP status and JSON, a Connect stream with an end-of-stream message, anything else with an
 * HTTP status and text.
 */
export function refuseRpc(request: NodeRequest, response: NodeResponse, error: ConnectError): void {
  const contentType = request.headers["content-type"] ?? "";
  const mediaType = contentType.toLowerCase();
  if (mediaType.startsWith("application/grpc")) {
    respondInHeaders(request, response, contentType, error);
  } else {
    respondInBody(request, response, contentType, error);
  }
  discardBody(request, response);
}

function respondInHeaders(
  request: NodeRequest,
  response: NodeResponse,
  contentType: string,
  error: ConnectError,
): void {
  const status = setTrailerStatus(new Headers({ "content-type": contentType }), error);
  const headers = withGrpcMessage(Object.fromEntries(status));
  if (!("stream" in request)) {
    response.writeHead(200, headers);
    response.end();
  } else if (!request.stream.destroyed && !request.stream.closed) {
    // The compatibility API cannot end a stream with its headers, which is what a client takes for a status here.
    const earlier = response.getHeaders() as Record<string, string>;
    request.stream.respond({ ":status": 200, ...earlier, ...headers }, { endStream: true });
  }
}

function respondInBody(
  request: NodeRequest,
  response: NodeResponse,
  contentType: string,
  error: ConnectError,
): void {
  const connect = parseContentType(contentType);
  if (connect?.stream) {
    const end = JSON.stringify(endStreamToJson(new Headers(), error, undefined));
    response.writeHead(200, { "content-type": contentType });
    response.end(encodeEnvelope(endStreamFlag, new TextEncoder().encode(end)));
    return;
  }
  const status = codeToHttpStatus(error.code);
  if (error.code === Code.Unauthenticated)
    response.setHeader("WWW-Authenticate", 'Bearer realm="stratavore"');
  if (connect !== undefined || isConnectGet(request)) {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(errorToJsonBytes(error, undefined));
  } else {
    response.writeHead(status, { "content-type": textType, "cache-control": "no-store" });
    response.end(`${error.rawMessage}\n`);
  }
}

function isConnectGet(request: NodeRequest): boolean {
  return request.method === "GET" && /[?&]encoding=(proto|json)(&|$)/.test(request.url ?? "");
}
