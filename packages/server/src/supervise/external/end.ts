import { RunnerStatus, StopMethod } from "@stratavore/proto";
import { requireExternal } from "../../domain/external-runners.js";
import { isTerminal } from "../../domain/lifecycle.js";
import { moveRunner, runnerById, runnerEnded, runnerStarted } from "../../domain/runners.js";
import type { RunnerRow, Transaction } from "../../store/index.js";
import { endSessions } from "../runner/ending.js";

const { STARTING, STOPPING, TERMINATED, FAILED } = RunnerStatus;

interface End {
  status: RunnerStatus.TERMINATED | RunnerStatus.FAILED;
  reason: string;
  exitCode: number | null;
  method: StopMethod;
}

function end(tx: Transaction, runner: RunnerRow, how: End): RunnerRow {
  endSessions(tx, runner, undefined, how.reason);
  return runnerEnded(tx, runnerById(tx, runner.id), { ...how, endedProcesses: [], stderrTail: "" });
}

/** What an owner says of the end of its runner. */
export interface OwnersWord {
  exitCode: number | null;
  /** What went wrong; empty if nothing did. */
  error: string;
}

/**
 * Ends a runner as its owner says. One that has ended already stays as it is.
 *
 * @throws DomainError not_found, failed_precondition: it is not external
 */
export function endByOwner(tx: Transaction, id: string, { exitCode, error }: OwnersWord): RunnerRow {
  const runner = runnerById(tx, id);
  requireExternal(runner);
  if (isTerminal(runner.status)) return runner;
  const requested = runner.status === STOPPING;
  const failed = !requested && (error !== "" || (exitCode ?? 0) !== 0);
  // What has done its work before it was heard of has been at work.
  const now = runner.status === STARTING && !failed ? runnerStarted(tx, runner, { pid: 0 }) : runner;
  tx.runners.heartbeat(id, Date.now());
  const how = exitCode === null ? "" : ` with exit code ${exitCode}`;
  return end(tx, now, {
    status: failed ? FAILED : TERMINATED,
    reason: error || (requested ? "stopped on request" : `its owner says that it ended${how}`),
    exitCode,
    method: StopMethod.OWNER,
  });
}

/** Ends a runner without a word of its owner: TERMINATED if its stop was requested, else FAILED. */
export function endUnconfirmed(tx: Transaction, id: string, reason: string): RunnerRow | undefined {
  const runner = tx.runners.byId(id);
  if (runner === undefined || isTerminal(runner.status)) return undefined;
  const requested = runner.status === STOPPING;
  return end(tx, runner, {
    status: requested ? TERMINATED : FAILED,
    reason: requested ? `stopped on request; ${reason}` : reason,
    exitCode: null,
    method: StopMethod.UNCONFIRMED,
  });
}

/** Requests the end of a runner: at once with force, or if its owner was never heard of; else its owner is waited for. */
export function requestEnd(tx: Transaction, id: string, force: boolean): RunnerRow {
  const runner = runnerById(tx, id);
  if (isTerminal(runner.status)) return runner;
  const stopping = runner.status === STOPPING ? runner : moveRunner(tx, runner, STOPPING);
  if (runner.status === STARTING) return endUnconfirmed(tx, id, "its owner was never heard of")!;
  return force ? endUnconfirmed(tx, id, "its owner was not waited for")! : stopping;
}
