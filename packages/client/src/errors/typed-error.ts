import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@stratavore/proto";
import { QuotaFailureSchema } from "@stratavore/proto/rpc";
import * as kinds from "./kinds.js";
import { detail, StratavoreError } from "./stratavore-error.js";

interface Kind {
  type: new (error: ConnectError, message?: string) => StratavoreError;
  /** What to do; said where the error is not of a Stratavore server, which says it itself. */
  advice?: string;
}

const byCode: Readonly<Record<Code, Kind>> = {
  [Code.Canceled]: { type: kinds.CanceledError },
  [Code.Unknown]: { type: StratavoreError, advice: "look at the server's log, or at a proxy's before it" },
  [Code.InvalidArgument]: { type: kinds.InvalidArgumentError },
  [Code.DeadlineExceeded]: {
    type: kinds.DeadlineExceededError,
    advice: "give the call more time with timeoutMs",
  },
  [Code.NotFound]: { type: kinds.NotFoundError },
  [Code.AlreadyExists]: { type: kinds.AlreadyExistsError },
  [Code.PermissionDenied]: {
    type: kinds.PermissionDeniedError,
    advice: "the server answers to this host or web page only if its allowedHosts or allowedOrigins name it",
  },
  [Code.ResourceExhausted]: { type: kinds.ResourceExhaustedError },
  [Code.FailedPrecondition]: { type: kinds.FailedPreconditionError },
  [Code.Aborted]: { type: kinds.AbortedError },
  [Code.OutOfRange]: { type: kinds.OutOfRangeError },
  [Code.Unimplemented]: {
    type: kinds.UnimplementedError,
    advice: "check the address; if it is a Stratavore server, it is older than this client",
  },
  [Code.Internal]: { type: kinds.InternalError },
  [Code.Unavailable]: { type: kinds.UnavailableError },
  [Code.DataLoss]: { type: kinds.DataLossError },
  [Code.Unauthenticated]: {
    type: kinds.UnauthenticatedError,
    advice: "give a token; `stratavore token` prints the one of this machine's daemon",
  },
};

/**
 * Whatever a call was ended with, as the class of its code.
 *
 * @param otherwise code of a throw that has none. Default: UNKNOWN
 */
export function typedError(thrown: unknown, otherwise: Code = Code.Unknown): StratavoreError {
  if (thrown instanceof StratavoreError) return thrown;
  const error = ConnectError.from(thrown, otherwise);
  const { type: Type, advice } = kindOf(error);
  const typed =
    advice === undefined || detail(error, ErrorInfoSchema) !== undefined
      ? new Type(error)
      : new Type(error, [error.rawMessage, advice].filter((part) => part !== "").join("; "));
  if (error.stack !== undefined)
    typed.stack = error.stack.replace(/^[^\n]*/, () => `${Type.name}: ${typed.message}`);
  return typed;
}

function kindOf(error: ConnectError): Kind {
  if (detail(error, QuotaFailureSchema) !== undefined) return { type: kinds.QuotaExceededError };
  // A number that a later version of the protocol may send.
  return byCode[error.code] ?? byCode[Code.Unknown];
}
