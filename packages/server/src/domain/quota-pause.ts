import { EventType, QuotaAction, RunnerPausedSchema, RunnerStatus } from "@stratavore/proto";
import type { RunnerRow, Transaction } from "../store/index.js";
import { recordEvent } from "./events.js";
import { type Breach, breachText, quotaExceeded } from "./quota-breach.js";
import { moveRunner } from "./runners.js";

/** Holds a runner back because of a limit; one that is PAUSED already gets the reason. */
export function pauseForQuota(
  tx: Transaction,
  runner: RunnerRow,
  breach: Breach,
  { frozen }: { frozen: boolean },
): RunnerRow {
  const reason = breachText(breach);
  const paused =
    runner.status === RunnerStatus.PAUSED
      ? tx.runners.update(runner.id, { reason })!
      : moveRunner(tx, runner, RunnerStatus.PAUSED, { reason });
  quotaExceeded(tx, { runner: paused }, breach, QuotaAction.PAUSE);
  recordEvent(tx, EventType.RUNNER_PAUSED, { runner: paused }, RunnerPausedSchema, { frozen, reason });
  return paused;
}
