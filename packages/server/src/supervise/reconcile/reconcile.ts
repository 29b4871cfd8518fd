import { RunnerStatus } from "@stratavore/proto";
import type { ProcessRow, RunnerRow } from "../../store/index.js";
import { isGone, isPassing } from "../runner/until-stored.js";
import type { Supervisor } from "../supervisor.js";
import { adopt } from "./adopt.js";
import { type Finding, look } from "./finding.js";
import { endOrphans, removeFolders } from "./leftovers.js";
import { failUnstarted } from "./unstarted.js";

/** What reconciliation did, or would do, about one runner or process. */
export interface ReconcileStep {
  runnerId: string;
  action: "adopted" | "failed" | "terminated" | "stop_finished" | "orphan_killed";
  reason: string;
  pid: number;
}

export interface Reconciliation {
  steps: ReconcileStep[];
  /** Settles when what was found to have ended is recorded to its last word. */
  recorded: Promise<void>;
}

interface Done {
  step: ReconcileStep;
  recorded?: Promise<void>;
}

/** Runners that are looked at side by side, so that they share commits. */
const width = 64;

/**
 * Makes the record and the processes agree. What is in order or in hand is left alone, so that doing it again does
 * nothing. With `dryRun` nothing is done, and the steps say what would be.
 *
 * @throws StoreError
 */
export async function reconcile(
  supervisor: Supervisor,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<Reconciliation> {
  const { store } = supervisor.options;
  // Fails if the record is another daemon's by now, whose processes are not ours to end.
  if (!dryRun) await store.transaction(() => {});
  const done: Done[] = [];
  const rows = new Map(store.read.processes.all().map((row) => [row.runnerId, row]));
  const runners = store.read.runners.live().filter(({ external }) => !external);
  for (let from = 0; from < runners.length; from += width) {
    const some = runners.slice(from, from + width);
    const each = await Promise.all(
      some.map((runner) => reconcileOne(supervisor, runner, rows.get(runner.id), dryRun)),
    );
    done.push(...each.filter((one) => one !== undefined));
  }
  const steps = [...done.map(({ step }) => step), ...(await endOrphans(supervisor, dryRun))];
  if (!dryRun) await removeFolders(supervisor);
  const recorded = Promise.all(done.map((one) => one.recorded)).then(() => {});
  return { steps, recorded };
}

async function reconcileOne(
  supervisor: Supervisor,
  runner: RunnerRow,
  row: ProcessRow | undefined,
  dryRun: boolean,
): Promise<Done | undefined> {
  if (supervisor.isInHand(runner.id)) return finishStop(supervisor, runner, dryRun);
  const { driver, log } = supervisor.options;
  let finding: Finding | undefined;
  try {
    finding = await look(supervisor, runner, row);
    if (dryRun || !isAsBefore(supervisor, finding)) {
      await finding.found?.process.detach();
      return dryRun ? { step: finding.step } : undefined;
    }
    return await act(supervisor, finding);
  } catch (error) {
    // A runner that cannot be taken up must not keep the others, or the daemon, from it.
    const why = error instanceof Error ? error.message : String(error);
    const reason = `the agent could not be taken up again: ${why}`;
    const pid = 0;
    if (dryRun) return { step: { runnerId: runner.id, action: "failed", reason, pid } };
    log.error({ runner: runner.id, error }, "a runner could not be taken up");
    if (!supervisor.isInHand(runner.id)) await finding?.found?.process.detach();
    // It may live, or be another daemon's by now: that it cannot be recorded is no reason to end it. The next look tries again.
    if (isPassing(error) || isGone(error)) return undefined;
    if (row !== undefined) await driver.sweep(row.nonce);
    return await fail(supervisor, runner, { runnerId: runner.id, action: "failed", reason, pid });
  }
}

/** Looking takes time: a start may have come to its end, or the runner to its. */
function isAsBefore(supervisor: Supervisor, { runner, sweep }: Finding): boolean {
  const { read } = supervisor.options.store;
  const row = read.processes.get(runner.id);
  if (supervisor.isInHand(runner.id) || read.runners.byId(runner.id) === undefined) return false;
  return sweep === undefined || row?.nonce === sweep;
}

async function act(supervisor: Supervisor, finding: Finding): Promise<Done | undefined> {
  const { runner, found, sweep, step } = finding;
  if (found === undefined) {
    if (sweep !== undefined) await supervisor.options.driver.sweep(sweep);
    return await fail(supervisor, runner, step);
  }
  const controller = await adopt(supervisor, finding, found);
  return step.action === "adopted" ? { step } : { step, recorded: controller.done };
}

/** A stop that left processes behind, or failed, is tried again. */
function finishStop(supervisor: Supervisor, { id, status }: RunnerRow, dryRun: boolean): Done | undefined {
  const controller = supervisor.controller(id);
  if (status !== RunnerStatus.STOPPING || controller === undefined) return undefined;
  if (controller.isStopping || supervisor.isBusyWith(id)) return undefined;
  const reason = "its stop did not come to an end";
  const step: ReconcileStep = { runnerId: id, action: "stop_finished", reason, pid: controller.pid };
  if (dryRun) return { step };
  const recorded = controller.stop({ force: true, graceMs: 0 }).then(
    ({ left }) => (left.length === 0 ? controller.done : undefined),
    (error) => supervisor.options.log.error({ runner: id, error }, "a stop could not be finished"),
  );
  return { step, recorded };
}

async function fail(
  supervisor: Supervisor,
  { id, incarnation }: RunnerRow,
  step: ReconcileStep,
): Promise<Done | undefined> {
  const ended = await supervisor.options.store.transaction((tx) =>
    // What was found is nothing that an incarnation since then could fail for.
    tx.runners.byId(id)?.incarnation === incarnation ? failUnstarted(tx, id, step.reason) : undefined,
  );
  if (ended === undefined) return undefined;
  const action = ended.status === RunnerStatus.FAILED ? "failed" : "terminated";
  return { step: { ...step, action } };
}
