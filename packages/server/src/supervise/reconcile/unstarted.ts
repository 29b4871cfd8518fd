import { RunnerStatus, StopMethod } from "@stratavore/proto";
import { isTerminal } from "../../domain/lifecycle.js";
import { runnerEnded } from "../../domain/runners.js";
import type { RunnerRow, Transaction } from "../../store/index.js";
import { endSessions } from "../runner/ending.js";

/** Ends the record of a runner that has no process: FAILED, or TERMINATED if its stop was requested. */
export function failUnstarted(tx: Transaction, runnerId: string, reason: string): RunnerRow | undefined {
  const runner = tx.runners.byId(runnerId);
  if (runner === undefined || isTerminal(runner.status)) return undefined;
  const requested = runner.status === RunnerStatus.STOPPING;
  endSessions(tx, runner, undefined, reason);
  return runnerEnded(tx, tx.runners.byId(runnerId)!, {
    status: requested ? RunnerStatus.TERMINATED : RunnerStatus.FAILED,
    reason,
    exitCode: null,
    endedProcesses: [],
    method: StopMethod.UNSPECIFIED,
    stderrTail: "",
  });
}
