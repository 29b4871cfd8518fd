/** The statuses that a rule of the domain can end a call with. */
export type DomainCode =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "unavailable"
  | "deadline_exceeded"
  | "out_of_range"
  | "unimplemented"
  | "data_loss";

export interface DomainErrorOptions {
  /** Facts by name: ids, limits, figures. */
  details?: Record<string, string>;
  /** Fields of the request that are to blame, as paths in proto names. */
  fields?: { field: string; description: string }[];
  /** A limit that was reached. */
  quota?: { subject: string; description: string };
  cause?: unknown;
}

/** A rule said no. The message says what was wrong and what to do. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly details: Readonly<Record<string, string>>;
  readonly fields: readonly { field: string; description: string }[];
  readonly quota: { subject: string; description: string } | undefined;

  constructor(
    readonly code: DomainCode,
    /** Stable, UPPER_SNAKE_CASE. */
    readonly reason: string,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? {};
    this.fields = options.fields ?? [];
    this.quota = options.quota;
  }
}

export const invalidField = (field: string, description: string) =>
  new DomainError("invalid_argument", "INVALID_FIELD", `${field}: ${description}`, {
    fields: [{ field, description }],
  });

export const notFound = (kind: "runner" | "project" | "session" | "turn" | "approval", id: string) =>
  new DomainError("not_found", `${kind.toUpperCase()}_NOT_FOUND`, `there is no ${kind} "${id}"`, {
    details: { [kind]: id },
  });

export const failedPrecondition = (reason: string, message: string, details?: Record<string, string>) =>
  new DomainError("failed_precondition", reason, message, { details });

/** What calls and streams end with when the server closes; clients come back for the rest. */
export const shuttingDown = () =>
  new DomainError("unavailable", "SHUTTING_DOWN", "the daemon is shutting down; try again when it is back");
