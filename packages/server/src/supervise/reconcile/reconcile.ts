import { EventType, RunnerAdoptedSchema, RunnerStatus, TurnState } from "@stratavore/proto";
import { recordEvent } from "../../domain/events.js";
import type { ProcessHandle } from "../../drivers/driver.js";
import type { ProcessRow, RunnerRow } from "../../store/index.js";
import { RunnerController } from "../runner/controller.js";
import { RunnerMemory } from "../runner/memory.js";
import type { Supervisor } from "../supervisor.js";
import { expectDelivery } from "./undelivered.js";
import { failUnstarted } from "./unstarted.js";

/** What reconciliation did about one runner or process. */
export interface ReconcileStep {
  runnerId: string;
  action: "adopted" | "failed" | "terminated" | "stop_finished" | "orphan_killed";
  reason: string;
  pid: number;
}

/** Makes the record and the processes agree: run at the start, before anything else is done. */
export async function reconcile(supervisor: Supervisor): Promise<ReconcileStep[]> {
  const { store } = supervisor.options;
  const steps: ReconcileStep[] = [];
  const rows = new Map(store.read.processes.all().map((row) => [row.runnerId, row]));
  for (const runner of store.read.runners.live()) {
    if (runner.external || supervisor.controller(runner.id) !== undefined) continue;
    const step = await reconcileRunner(supervisor, runner, rows.get(runner.id));
    if (step !== undefined) steps.push(step);
  }
  steps.push(...(await killOrphans(supervisor)));
  return steps;
}

async function reconcileRunner(
  supervisor: Supervisor,
  runner: RunnerRow,
  row: ProcessRow | undefined,
): Promise<ReconcileStep | undefined> {
  const { driver } = supervisor.options;
  const known = (row?.handle ?? null) as ProcessHandle | null;
  const handle = known ?? (row === undefined ? null : await driver.find(row.dir, row.nonce));
  if (row === undefined || handle === null) {
    return await fail(supervisor, runner, "the daemon ended before the agent was started");
  }
  if (known === null) {
    // Started, but nothing was said to it and nothing of it is stored: it is not worth guessing how far it got.
    await driver.sweep(row.nonce);
    return await fail(supervisor, runner, "the daemon ended while the agent was being started");
  }
  return await adopt(supervisor, runner, row, handle);
}

async function adopt(
  supervisor: Supervisor,
  runner: RunnerRow,
  row: ProcessRow,
  handle: ProcessHandle,
): Promise<ReconcileStep | undefined> {
  const { store, driver } = supervisor.options;
  const { process, live } = await driver.adopt(handle);
  const cwd = store.read.projects.byUid(runner.projectUid)?.path ?? "/";
  if (live) {
    const unreadBytes = BigInt(await process.stdout.unread(Number(row.stdoutOffset)));
    await store.transaction((tx) => {
      recordEvent(tx, EventType.RUNNER_ADOPTED, { runner }, RunnerAdoptedSchema, {
        pid: handle.pid,
        unreadBytes,
      });
    });
  }
  const controller = supervisor.follow(
    new RunnerController(supervisor.context, {
      runnerId: runner.id,
      process,
      memory: RunnerMemory.load(row),
      pid: handle.pid,
      cwd,
      offsets: { stdout: row.stdoutOffset, stderr: row.stderrOffset },
      adopted: live,
    }),
  );
  if (runner.status === RunnerStatus.STOPPING) {
    await controller.stop({ force: true, graceMs: 0 });
    return {
      runnerId: runner.id,
      action: "stop_finished",
      reason: "its stop was under way",
      pid: handle.pid,
    };
  }
  // The controller itself records what an ended process comes to, once all it said is stored.
  if (!live) return undefined;
  if (runner.status === RunnerStatus.STARTING) supervisor.expectAnswer(controller);
  const turn = runner.sessionId === null ? undefined : store.read.turns.running(runner.sessionId);
  if (turn?.state === TurnState.SENDING) expectDelivery(controller, turn.sessionId, turn.id);
  return { runnerId: runner.id, action: "adopted", reason: "its process is alive", pid: handle.pid };
}

async function fail(
  supervisor: Supervisor,
  runner: RunnerRow,
  reason: string,
): Promise<ReconcileStep | undefined> {
  const ended = await supervisor.options.store.transaction((tx) => failUnstarted(tx, runner.id, reason));
  if (ended === undefined) return undefined;
  const action = ended.status === RunnerStatus.FAILED ? "failed" : "terminated";
  return { runnerId: runner.id, action, reason, pid: 0 };
}

/** Processes that carry a nonce of this data directory that no runner claims. */
async function killOrphans({ options }: Supervisor): Promise<ReconcileStep[]> {
  const steps: ReconcileStep[] = [];
  for (const [nonce, pids] of await options.driver.carriers()) {
    if (!nonce.startsWith(`${options.owner}-`)) continue;
    if (options.store.read.processes.all().some((row) => row.nonce === nonce)) continue;
    await options.driver.sweep(nonce);
    steps.push({
      runnerId: "",
      action: "orphan_killed",
      reason: "it carries the mark of a runner that is not on record",
      pid: pids[0] ?? 0,
    });
  }
  return steps;
}
