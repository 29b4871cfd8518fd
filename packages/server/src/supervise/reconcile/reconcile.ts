import { EventType, RunnerAdoptedSchema, RunnerStatus, TurnState } from "@stratavore/proto";
import { recordEvent } from "../../domain/events.js";
import type { ProcessHandle } from "../../drivers/driver.js";
import type { ProcessRow, RunnerRow } from "../../store/index.js";
import { RunnerController } from "../runner/controller.js";
import { RunnerMemory } from "../runner/memory.js";
import type { Supervisor } from "../supervisor.js";
import { killOrphans, removeFolders } from "./leftovers.js";
import { expectDelivery } from "./undelivered.js";
import { failUnstarted } from "./unstarted.js";

/** What reconciliation did about one runner or process. */
export interface ReconcileStep {
  runnerId: string;
  action: "adopted" | "failed" | "terminated" | "stop_finished" | "orphan_killed";
  reason: string;
  pid: number;
}

/** Runners that are looked at side by side, so that they share commits. */
const width = 64;

/** Makes the record and the processes agree: run at the start, before anything else is done. */
export async function reconcile(supervisor: Supervisor): Promise<ReconcileStep[]> {
  const { store } = supervisor.options;
  const steps: ReconcileStep[] = [];
  const rows = new Map(store.read.processes.all().map((row) => [row.runnerId, row]));
  const runners = store.read.runners
    .live()
    .filter(({ id, external }) => !external && supervisor.controller(id) === undefined);
  for (let from = 0; from < runners.length; from += width) {
    const some = runners.slice(from, from + width);
    const done = await Promise.all(
      some.map((runner) => reconcileOrFail(supervisor, runner, rows.get(runner.id))),
    );
    steps.push(...done.filter((step) => step !== undefined));
  }
  steps.push(...(await killOrphans(supervisor)));
  await removeFolders(supervisor);
  return steps;
}

/** A runner that cannot be taken up must not keep the others, or the daemon, from it. */
async function reconcileOrFail(
  supervisor: Supervisor,
  runner: RunnerRow,
  row: ProcessRow | undefined,
): Promise<ReconcileStep | undefined> {
  const { driver, log } = supervisor.options;
  try {
    return await reconcileRunner(supervisor, runner, row);
  } catch (error) {
    log.error({ runner: runner.id, error }, "a runner could not be taken up");
    if (row !== undefined) await driver.sweep(row.nonce);
    const why = error instanceof Error ? error.message : String(error);
    return await fail(supervisor, runner, `the agent could not be taken up again: ${why}`);
  }
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
  const { store, driver, log } = supervisor.options;
  const memory = RunnerMemory.load(row);
  const { process, live } = await driver.adopt(handle);
  if (live) {
    const unreadBytes = BigInt(await process.stdout.unread(Number(row.stdoutOffset)));
    await store.transaction((tx) => {
      recordEvent(tx, EventType.RUNNER_ADOPTED, { runner }, RunnerAdoptedSchema, {
        pid: handle.pid,
        unreadBytes,
      });
    });
  }
  const turn = runner.sessionId === null ? undefined : store.read.turns.running(runner.sessionId);
  const isSending = turn?.state === TurnState.SENDING;
  const controller = supervisor.follow(
    new RunnerController(supervisor.context, {
      runnerId: runner.id,
      process,
      memory,
      pid: handle.pid,
      cwd: memory.stored.cwd ?? store.read.projects.byUid(runner.projectUid)?.path ?? "/",
      offsets: { stdout: row.stdoutOffset, stderr: row.stderrOffset },
      torn: live && (isSending || memory.stored.outbox.lines.length > 0),
    }),
  );
  if (runner.status === RunnerStatus.STOPPING) {
    // Not waited for: it may take its time, and the controller records its end.
    controller.stop({ force: true, graceMs: 0 }).catch((error) => {
      log.error({ runner: runner.id, error }, "an interrupted stop could not be finished");
    });
    const reason = "its stop was under way";
    return { runnerId: runner.id, action: "stop_finished", reason, pid: handle.pid };
  }
  // The controller itself records what an ended process comes to, once all it said is stored.
  if (!live) return undefined;
  if (runner.status === RunnerStatus.STARTING) supervisor.expectAnswer(controller);
  const isFrozen = runner.status === RunnerStatus.PAUSED && memory.stored.frozen === true;
  // The earlier daemon may have died between the record and the signal.
  if (isFrozen) await process.freeze();
  // A frozen agent can show no sign that a message has arrived.
  else if (isSending) expectDelivery(controller, turn.sessionId, turn.id, supervisor.closing);
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
