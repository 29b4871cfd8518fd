import { QuotaAction, RunnerStatus } from "@stratavore/proto";
import type { PolicyLimit } from "../../domain/quota-policy.js";
import type { Reads } from "../../store/index.js";
import { freezes } from "./act.js";
import type { LimitState } from "./limit-state.js";
import type { Measured } from "./measured.js";

const { RUNNING, PAUSED, STOPPING } = RunnerStatus;

/**
 * What doing the action to the runner now would be known as; undefined if there is nothing to do, as it has been done in
 * this breach already or cannot be done.
 */
export function dueFor(
  reads: Pick<Reads, "turns">,
  action: QuotaAction,
  quota: PolicyLimit,
  state: LimitState,
  { controller, runner: { status, sessionId } }: Measured,
): string | undefined {
  if (status === STOPPING) return undefined;
  const before = state.doneTo(controller);
  const firstTime = before === undefined ? "done" : undefined;
  switch (action) {
    case QuotaAction.WARN:
    case QuotaAction.STOP:
      return firstTime;
    case QuotaAction.INTERRUPT: {
      const turn = sessionId === null ? undefined : reads.turns.running(sessionId);
      return turn === undefined || turn.id === before ? firstTime : turn.id;
    }
    case QuotaAction.PAUSE:
      // Resumed since, it is paused again.
      if (status === RUNNING) return "done";
      return status === PAUSED && freezes({ quota }) ? firstTime : undefined;
    default:
      return undefined;
  }
}
