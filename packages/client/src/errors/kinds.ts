import type { ConnectError } from "@connectrpc/connect";
import * as google from "@stratavore/proto/rpc";
import { detail, StratavoreError } from "./stratavore-error.js";

/** CANCELLED: the call's signal was aborted, its stream was left, or the client was closed. */
export class CanceledError extends StratavoreError {}

/** INVALID_ARGUMENT: the request breaks a rule whatever the state of things; `fields` says where. */
export class InvalidArgumentError extends StratavoreError {}

/** DEADLINE_EXCEEDED: `timeoutMs` passed. A mutation may have been carried out all the same. */
export class DeadlineExceededError extends StratavoreError {}

/** NOT_FOUND: there is no such project, runner, session, turn or approval; `reason` says which. */
export class NotFoundError extends StratavoreError {}

/** ALREADY_EXISTS: the name, or the `runtime_id`, is taken. */
export class AlreadyExistsError extends StratavoreError {}

/** PERMISSION_DENIED: the caller is known and may not do this. */
export class PermissionDeniedError extends StratavoreError {}

/** UNAUTHENTICATED: there is no credential, or none that the server knows. */
export class UnauthenticatedError extends StratavoreError {}

/** RESOURCE_EXHAUSTED: too large, too much, or a full disk. A quota that is used up is a `QuotaExceededError`. */
export class ResourceExhaustedError extends StratavoreError {}

/** RESOURCE_EXHAUSTED by a quota. */
export class QuotaExceededError extends ResourceExhaustedError {
  /** Whose quota it is, such as `project:web`. */
  readonly subject: string;
  /** Name of the quota's field, such as `max_concurrent_runners`; empty if the server does not say. */
  readonly quota: string;
  /** What it allows, in the field's unit. */
  readonly limit: number | undefined;
  /** What is used of it. */
  readonly used: number | undefined;

  constructor(error: ConnectError, message?: string) {
    super(error, message);
    this.subject = detail(error, google.QuotaFailureSchema)?.violations[0]?.subject ?? "";
    this.quota = this.facts.quota ?? "";
    this.limit = this.figure("limit");
    this.used = this.figure("used");
  }
}

/** FAILED_PRECONDITION: not in the state that things are in; `reason` and the message say what to change first. */
export class FailedPreconditionError extends StratavoreError {}

/** ABORTED: something changed since the `etag` was read. Get it again, and repeat with the new one. */
export class AbortedError extends StratavoreError {}

/** OUT_OF_RANGE: a stream cannot go on from a position, because what follows it is gone or of another log. */
export class OutOfRangeError extends StratavoreError {
  /** The event id that was asked for; undefined if it was no position in the event log. */
  readonly afterEventId: string | undefined;
  /** Where the events that are kept begin: given as `afterEventId`, it goes on behind the gap. */
  readonly oldestEventId: string | undefined;

  constructor(error: ConnectError, message?: string) {
    super(error, message);
    this.afterEventId = this.facts.after_event_id;
    this.oldestEventId = this.facts.oldest_event_id;
  }
}

/** UNIMPLEMENTED: the server does not offer this. */
export class UnimplementedError extends StratavoreError {}

/** INTERNAL: an error that nobody expected; the server's log has it under `requestId`. */
export class InternalError extends StratavoreError {}

/** UNAVAILABLE: no connection, a lost one, or a server that shuts down. Repeated by the client where that is safe. */
export class UnavailableError extends StratavoreError {}

/** DATA_LOSS: a stored record is damaged. */
export class DataLossError extends StratavoreError {}
