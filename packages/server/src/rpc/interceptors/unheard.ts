import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Log } from "../../supervise/log.js";
import { connectErrorOf } from "../errors.js";
import { type CallCounts, callOf } from "./errors.js";
import { noteProgress } from "./heard.js";

/**
 * For the option `requestGate`: calls that fail before they get to their interceptors, as with a body that cannot be
 * read, are counted, logged and described as all others are. Connect ends a call's context with its error before it
 * writes that.
 */
export function unheardCalls(log: Log, counts: CallCounts): (context: HandlerContext) => void {
  return ({ values, signal, service, method, requestHeader: header }) => {
    const progress = noteProgress(values);
    const onEnd = () => {
      const error: unknown = signal.reason;
      if (progress.isHeard || !(error instanceof ConnectError)) return;
      counts.calls++;
      if (error.code !== Code.Canceled) counts.failed++;
      const { rpc, requestId } = callOf({ service, method, header });
      error.details.push(...connectErrorOf(error, requestId).details);
      // Whatever the code: what was wrong is with the request, as nobody here has seen it yet.
      log.debug({ rpc, requestId, code: Code[error.code], error }, "a call was refused");
    };
    signal.addEventListener("abort", onEnd, { once: true });
  };
}
