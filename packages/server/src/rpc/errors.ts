import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@stratavore/proto";
import * as google from "@stratavore/proto/rpc";
import { type DomainCode, DomainError } from "../domain/errors.js";
import { StoreError, type StoreErrorKind } from "../store/index.js";

/** What errors of ours are called in `google.rpc.ErrorInfo`. */
const errorDomain = "stratavore.dev";

const codes: Readonly<Record<DomainCode, Code>> = {
  invalid_argument: Code.InvalidArgument,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unavailable: Code.Unavailable,
  deadline_exceeded: Code.DeadlineExceeded,
  out_of_range: Code.OutOfRange,
  unimplemented: Code.Unimplemented,
  data_loss: Code.DataLoss,
};

const storeCodes: Readonly<Record<StoreErrorKind, Code>> = {
  disk_full: Code.ResourceExhausted,
  busy: Code.Unavailable,
  data_loss: Code.DataLoss,
  read_only: Code.FailedPrecondition,
  fenced: Code.Unavailable,
  locked: Code.Unavailable,
  newer_schema: Code.FailedPrecondition,
  not_a_database: Code.DataLoss,
  constraint: Code.Internal,
  exists: Code.AlreadyExists,
  closed: Code.Unavailable,
  io: Code.Unavailable,
};

type OutgoingDetail = Extract<ConnectError["details"][number], { desc: unknown }>;

interface Failure {
  code: Code;
  reason: string;
  message: string;
  details: Readonly<Record<string, string>>;
  more: OutgoingDetail[];
}

/** Any throw as the error that a caller gets; what nobody expected tells nothing but its request id. */
export function connectErrorOf(thrown: unknown, requestId: string): ConnectError {
  const { code, reason, message, details, more } = failureOf(thrown, requestId);
  const ours = create(ErrorInfoSchema, { code: reason, message, details, requestId });
  const standard = create(google.ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...details } });
  const error = new ConnectError(message, code, undefined, [
    { desc: google.ErrorInfoSchema, value: standard },
    { desc: ErrorInfoSchema, value: ours },
    ...more,
  ]);
  error.cause = thrown;
  return error;
}

function failureOf(thrown: unknown, requestId: string): Failure {
  if (thrown instanceof DomainError) {
    const { code, reason, message, details } = thrown;
    return { code: codes[code], reason, message, details, more: domainDetails(thrown) };
  }
  if (thrown instanceof StoreError && thrown.kind !== "constraint") {
    const reason = `STORE_${thrown.kind.toUpperCase()}`;
    return { code: storeCodes[thrown.kind], reason, message: thrown.message, details: {}, more: [] };
  }
  if (thrown instanceof ConnectError) {
    const reason = Code[thrown.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
    const more = thrown.details.filter((detail): detail is OutgoingDetail => "desc" in detail);
    return { code: thrown.code, reason, message: thrown.rawMessage, details: {}, more };
  }
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    const message = "this took too long and was given up; look at the runner's state and events";
    return { code: Code.DeadlineExceeded, reason: "TIMEOUT", message, details: {}, more: [] };
  }
  if (thrown instanceof DOMException && thrown.name === "AbortError") {
    return { code: Code.Canceled, reason: "CANCELED", message: "the caller left", details: {}, more: [] };
  }
  const message = `an unexpected error; the daemon's log has it under request id ${requestId}`;
  return { code: Code.Internal, reason: "INTERNAL", message, details: {}, more: [] };
}

function domainDetails({ fields, quota, code, reason, message }: DomainError): OutgoingDetail[] {
  const details: OutgoingDetail[] = [];
  if (fields.length > 0) {
    details.push({
      desc: google.BadRequestSchema,
      value: create(google.BadRequestSchema, { fieldViolations: [...fields] }),
    });
  }
  if (quota !== undefined) {
    details.push({
      desc: google.QuotaFailureSchema,
      value: create(google.QuotaFailureSchema, { violations: [quota] }),
    });
  }
  if (code === "failed_precondition") {
    const violations = [{ type: reason, description: message }];
    details.push({
      desc: google.PreconditionFailureSchema,
      value: create(google.PreconditionFailureSchema, { violations }),
    });
  }
  return details;
}
