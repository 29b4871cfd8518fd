import { Code, ConnectError } from "@connectrpc/connect";
import type { NodeHandler } from "./node-handler.js";
import { refuseHttp, refuseRpc } from "./refusal.js";

/**
 * Answers what no service is at: gRPC has a status for it, everything else gets 404.
 *
 * @param described adds to the error what failures of the server tell
 */
export const unknownPath =
  (described: (error: ConnectError) => ConnectError): NodeHandler =>
  (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0]?.slice(0, 200);
    const sentence = `There is nothing at ${path}; look at the name of the service and of the method.`;
    if (/^application\/grpc(\+|;|$)/i.test(request.headers["content-type"] ?? "")) {
      refuseRpc(request, response, described(new ConnectError(sentence, Code.Unimplemented)));
    } else {
      refuseHttp(request, response, 404, sentence);
    }
  };
