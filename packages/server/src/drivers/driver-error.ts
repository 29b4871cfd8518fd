export type DriverErrorCode =
  /** The spec itself cannot be run: a relative path, a NUL, an environment name that is no shell identifier. */
  | "bad_spec"
  /** The folder holds another start already. */
  | "folder_in_use"
  | "not_found"
  | "not_executable"
  | "bad_cwd"
  /** The system refused: no memory, too many processes, arguments too long. */
  | "spawn_failed"
  /** The agent has ended, closed its stdin, or never had one. */
  | "input_closed"
  | "input_full"
  | "aborted"
  | "detached"
  | "journal_failed"
  /** The driver does not know this operating system. */
  | "unsupported";

/** The one error that drivers throw. `message` is meant for a person, `code` for a program. */
export class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of a Node system error, as `ENOENT`; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
