export {
  AbortedError,
  AlreadyExistsError,
  CanceledError,
  DataLossError,
  DeadlineExceededError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  OutOfRangeError,
  PermissionDeniedError,
  QuotaExceededError,
  ResourceExhaustedError,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
} from "./kinds.js";
export { type FieldViolation, StratavoreError } from "./stratavore-error.js";
