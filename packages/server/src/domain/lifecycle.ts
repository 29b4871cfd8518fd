import { RunnerStatus } from "@stratavore/proto";
import { DomainError } from "./errors.js";

const { STARTING, RUNNING, PAUSED, STOPPING, TERMINATED, FAILED } = RunnerStatus;

/** Every move a runner can make. From the terminal states only Restart leads on, as a new incarnation. */
const moves: Readonly<Record<RunnerStatus, readonly RunnerStatus[]>> = {
  [RunnerStatus.UNSPECIFIED]: [],
  [STARTING]: [RUNNING, STOPPING, FAILED],
  [RUNNING]: [PAUSED, STOPPING, TERMINATED, FAILED],
  [PAUSED]: [RUNNING, STOPPING, TERMINATED, FAILED],
  [STOPPING]: [TERMINATED],
  [TERMINATED]: [STARTING],
  [FAILED]: [STARTING],
};

/** The status as the API names it. */
export const statusName = (status: RunnerStatus): string => RunnerStatus[status];

export const isLive = (status: RunnerStatus) => status >= STARTING && status <= STOPPING;

export const isTerminal = (status: RunnerStatus) => status === TERMINATED || status === FAILED;

export const canMove = (from: RunnerStatus, to: RunnerStatus) => moves[from].includes(to);

/** @throws DomainError failed_precondition for a move that the table does not have */
export function checkMove(runnerId: string, from: RunnerStatus, to: RunnerStatus): void {
  if (canMove(from, to)) return;
  throw new DomainError(
    "failed_precondition",
    "RUNNER_STATE",
    `runner ${runnerId} is ${statusName(from)} and cannot become ${statusName(to)}`,
    { details: { runner: runnerId, from: statusName(from), to: statusName(to) } },
  );
}

/** What an ended process makes of its runner: a requested stop always ends well, else only `exec` with status 0 does. */
export function statusAfterExit(exit: {
  status: RunnerStatus;
  exitCode: number | null;
  endsBySuccess: boolean;
}): RunnerStatus.TERMINATED | RunnerStatus.FAILED {
  if (exit.status === STOPPING) return TERMINATED;
  return exit.status !== STARTING && exit.endsBySuccess && exit.exitCode === 0 ? TERMINATED : FAILED;
}
