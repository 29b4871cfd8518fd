import { Code, ConnectError } from "@stratavore/client/node";

/** What the command ends with. `run` with the agent `exec` ends with the command's own code where that failed. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  refused: 5,
  precondition: 6,
  interrupted: 130,
} as const;

/** The codes as `--help` shows them. */
export const exitCodeHelp = `
Exit codes:
  0    done
  1    the work failed: a runner or a turn, or something unexpected
       (run --agent exec: the command's own code)
  2    the command line, or a value in it, is wrong
  3    the daemon cannot be reached
  4    there is no such project, runner, session or approval
  5    refused: no credential, or not permitted
  6    not possible now: a state, a limit, or something that exists already
  130  interrupted`;

/** An error whose message is all that a person needs, with the code to end with. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

export const usageError = (message: string) => new CliError(message, exitCodes.usage);

const byCode: Partial<Record<Code, number>> = {
  [Code.InvalidArgument]: exitCodes.usage,
  [Code.Unavailable]: exitCodes.unreachable,
  [Code.NotFound]: exitCodes.notFound,
  [Code.Unauthenticated]: exitCodes.refused,
  [Code.PermissionDenied]: exitCodes.refused,
  [Code.FailedPrecondition]: exitCodes.precondition,
  [Code.ResourceExhausted]: exitCodes.precondition,
  [Code.AlreadyExists]: exitCodes.precondition,
  [Code.Aborted]: exitCodes.precondition,
  [Code.OutOfRange]: exitCodes.precondition,
};

/** The code to end with after an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  return (error instanceof ConnectError && byCode[error.code]) || exitCodes.failed;
}

/** An error as people read it. */
export function messageOf(error: unknown): string {
  if (error instanceof ConnectError) return error.rawMessage;
  return error instanceof Error ? error.message : String(error);
}
