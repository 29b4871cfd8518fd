import { QuotaAction, RunnerStatus } from "@stratavore/proto";
import { isLive } from "../../domain/lifecycle.js";
import { type Breach, breachText, quotaExceeded, warnOfBreach } from "../../domain/quota-breach.js";
import { pauseForQuota } from "../../domain/quota-pause.js";
import type { RunnerRow, Transaction } from "../../store/index.js";
import { pauseQueueOf } from "../pause.js";
import type { RunnerController } from "../runner/controller.js";
import { nothing } from "../runner/dispatch.js";
import { cancelTurn } from "../runner/leave.js";

/** Does to a runner what its project's policy says; false if it was in no state for that any more. */
export async function act(
  controller: RunnerController,
  breach: Breach,
  action: QuotaAction,
): Promise<boolean> {
  switch (action) {
    case QuotaAction.WARN:
      return await warn(controller, breach);
    case QuotaAction.INTERRUPT:
      return await interrupt(controller, breach);
    case QuotaAction.PAUSE:
      return await pause(controller, breach);
    case QuotaAction.STOP:
      return await stop(controller, breach);
    default:
      return false;
  }
}

/** The runner, if it can still be acted on. */
function actedOn(tx: Transaction, { runnerId }: RunnerController): RunnerRow | undefined {
  const runner = tx.runners.byId(runnerId);
  if (runner === undefined || !isLive(runner.status)) return undefined;
  return runner.status === RunnerStatus.STOPPING ? undefined : runner;
}

const warn = (controller: RunnerController, breach: Breach): Promise<boolean> =>
  controller.change((tx) => {
    const runner = actedOn(tx, controller);
    if (runner === undefined) return { value: false, out: nothing() };
    quotaExceeded(tx, { runner: warnOfBreach(tx, runner, breach) }, breach, QuotaAction.WARN);
    return { value: true, out: nothing() };
  });

const interrupt = (controller: RunnerController, breach: Breach): Promise<boolean> =>
  controller.change((tx, memory) => {
    const runner = actedOn(tx, controller);
    if (runner === undefined) return { value: false, out: nothing() };
    const session = runner.sessionId === null ? undefined : tx.sessions.byId(runner.sessionId);
    const turn = session && tx.turns.running(session.id);
    const warned = warnOfBreach(tx, runner, breach);
    quotaExceeded(tx, { runner: warned, ...(session && { session }) }, breach, QuotaAction.INTERRUPT);
    if (session === undefined || turn === undefined) return { value: true, out: nothing() };
    const lines = cancelTurn(tx, session, memory);
    const text = `[stratavore] This turn is cancelled: ${breachText(breach)}.`;
    memory.writer(tx, session.id).notice(tx, turn.id, text);
    return { value: true, out: { ...nothing(), lines } };
  });

/** A turn that ends costs no more tokens than one that is frozen in the middle, and is not lost. */
export const freezes = ({ quota }: Pick<Breach, "quota">) => quota !== "max_tokens_per_day";

const pause = (controller: RunnerController, breach: Breach): Promise<boolean> =>
  pauseQueueOf(controller).run(async () => {
    const paused = await controller.change((tx, memory) => {
      const runner = actedOn(tx, controller);
      if (runner === undefined || runner.status === RunnerStatus.STARTING) {
        return { value: false, out: nothing() };
      }
      // By a caller, or by an earlier daemon for the same reason.
      if (runner.status === RunnerStatus.PAUSED && memory.stored.frozen)
        return { value: true, out: nothing() };
      const frozen = freezes(breach);
      pauseForQuota(tx, runner, breach, { frozen });
      memory.stored.frozen = frozen;
      return { value: true, out: nothing() };
    });
    if (paused && freezes(breach)) await controller.process.freeze();
    return paused;
  });

async function stop(controller: RunnerController, breach: Breach): Promise<boolean> {
  const reason = breachText(breach);
  const stops = await controller.change((tx, memory) => {
    const runner = actedOn(tx, controller);
    if (runner === undefined) return { value: false, out: nothing() };
    // By an earlier daemon; its end is under way.
    if (memory.stored.failure !== undefined) return { value: true, out: nothing() };
    quotaExceeded(tx, { runner }, breach, QuotaAction.STOP);
    // A daemon that dies before the agent has ended leaves the reason to the next one.
    memory.stored.failure = reason;
    return { value: true, out: nothing() };
  });
  if (stops) controller.fail(reason);
  return stops;
}
