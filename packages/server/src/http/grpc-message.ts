import type { NodeHandler } from "./node-handler.js";

const header = "grpc-message";

/**
 * A status message as gRPC's protocol has it: only the percent sign and what is not printable ASCII are percent-encoded.
 * Connect encodes punctuation too, which clients that decode with `decodeURI`, as grpc-js does, would show as `%3A`.
 */
export const asGrpcMessage = (encoded: string): string =>
  decodeURIComponent(encoded).replace(/[^ -$&-~]+/g, encodeURIComponent);

/** Headers or trailers with their status message so. */
export const withGrpcMessage = <Headers extends object>(headers: Headers): Headers => {
  const message = (headers as Record<string, unknown>)[header];
  return typeof message === "string" ? { ...headers, [header]: asGrpcMessage(message) } : headers;
};

/** The same for the trailers of a handler's answers. */
export const answerGrpcMessages =
  (handler: NodeHandler): NodeHandler =>
  (request, response) => {
    const addTrailers = response.addTrailers.bind(response) as (trailers: object) => void;
    response.addTrailers = (trailers: object) => addTrailers(withGrpcMessage(trailers));
    return handler(request, response);
  };
