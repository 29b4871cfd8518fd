import { RunnerStatus, type StopMethod } from "@stratavore/proto";
import { DomainError } from "../domain/errors.js";
import { isTerminal } from "../domain/lifecycle.js";
import { moveRunner, runnerById } from "../domain/runners.js";
import type { StopReport } from "../drivers/driver.js";
import type { RunnerRow, Transaction } from "../store/index.js";
import { stopExternal } from "./external/stop.js";
import { orAborted } from "./or-aborted.js";
import type { RunnerController } from "./runner/controller.js";
import { nothing } from "./runner/dispatch.js";
import { cancelTurn } from "./runner/leave.js";
import type { Supervisor } from "./supervisor.js";
import { waitFor } from "./wait-for.js";

/** How long a turn may take to end after it was cancelled, before its agent is ended. */
const cancelMs = 1_000;

export interface StopOptions {
  force: boolean;
  graceMs: number;
}

export interface EndOptions extends StopOptions {
  /** Why, for people. */
  reason: string;
  /** Throws in the transaction that would make a live runner STOPPING, if it must not. */
  check: (tx: Transaction, runner: RunnerRow) => void;
}

export interface StopOutcome {
  runner: RunnerRow;
  report: StopReport | undefined;
  /** How the end of an external runner is known; of others the report tells it. */
  method?: StopMethod;
}

/** As `Supervisor.stopRunner`, as part of something else. */
export async function endRunner(
  supervisor: Supervisor,
  runnerId: string,
  options: EndOptions,
  caller: AbortSignal,
): Promise<StopOutcome> {
  const signal = AbortSignal.any([caller, supervisor.closing]);
  const before = runnerById(supervisor.options.store.read, runnerId);
  if (isTerminal(before.status)) return { runner: before, report: undefined };
  if (before.external) return await stopExternal(supervisor, runnerId, options, caller);
  // Until its process is being stopped, reconciliation would take it for a stop that came to nothing.
  const stopping = supervisor.takeInHand(runnerId, begin(supervisor, runnerId, options), false);
  const { runner, report } = await orAborted(stopping, signal);
  if (isTerminal(runner.status)) return { runner, report: undefined };
  if (report !== undefined && report.left.length > 0) {
    const left = report.left.map(({ pid, command }) => `${pid} (${command})`).join(", ");
    throw new DomainError("unavailable", "PROCESSES_LEFT", `these processes could not be ended: ${left}`);
  }
  const ended = await supervisor.inState(runnerId, ({ status }) => isTerminal(status), signal);
  return { runner: ended, report };
}

async function begin(supervisor: Supervisor, runnerId: string, options: EndOptions): Promise<StopOutcome> {
  const runner = await supervisor.options.store.transaction((tx) => {
    const now = runnerById(tx, runnerId);
    if (isTerminal(now.status)) return now;
    options.check(tx, now);
    if (now.status === RunnerStatus.STOPPING) return now;
    return moveRunner(tx, now, RunnerStatus.STOPPING, { reason: options.reason });
  });
  const controller = isTerminal(runner.status) ? undefined : supervisor.controller(runnerId);
  return { runner, report: controller && (await stopProcess(supervisor, controller, runner, options)) };
}

async function stopProcess(
  supervisor: Supervisor,
  controller: RunnerController,
  { sessionId }: RunnerRow,
  { force, graceMs }: StopOptions,
): Promise<StopReport> {
  const from = Date.now();
  if (!force && sessionId !== null) await cancelRunning(supervisor, controller, sessionId, graceMs);
  return await controller.stop({ force, graceMs: Math.max(0, graceMs - (Date.now() - from)) });
}

/** Gives an agent the chance to end its turn in order, with its last words and what the turn cost. */
async function cancelRunning(
  { options: { store, log } }: Supervisor,
  controller: RunnerController,
  sessionId: string,
  graceMs: number,
): Promise<void> {
  const timeout = AbortSignal.timeout(Math.min(cancelMs, graceMs));
  try {
    const turnId = await controller.change((tx, memory) => {
      const session = tx.sessions.byId(sessionId);
      const lines = session === undefined ? [] : cancelTurn(tx, session, memory);
      return { value: tx.turns.running(sessionId)?.id, out: { ...nothing(), lines } };
    });
    if (turnId === undefined) return;
    const isOver = () => (store.read.turns.byId(turnId)?.endedAt == null ? undefined : true);
    await waitFor(store, [`session:${sessionId}`], isOver, timeout);
  } catch (error) {
    if (timeout.aborted) return;
    log.warn({ runner: controller.runnerId, error }, "the turn could not be cancelled before the stop");
  }
}
