import { EventType, RunnerAdoptedSchema, RunnerStatus, TurnState } from "@stratavore/proto";
import { recordEvent } from "../../domain/events.js";
import { expectContinued } from "../expect-continued.js";
import { pauseQueueOf, thaw } from "../pause.js";
import { RunnerController } from "../runner/controller.js";
import type { Supervisor } from "../supervisor.js";
import type { Finding, Found } from "./finding.js";
import { expectDelivery } from "./undelivered.js";

/** Follows a process that was found. The controller itself records what one that has ended comes to. */
export async function adopt(
  supervisor: Supervisor,
  { runner }: Finding,
  { row, handle, process, memory, live }: Found,
): Promise<RunnerController> {
  const { store, log } = supervisor.options;
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
  // A stop that came before it was followed found nothing to stop.
  const status = store.read.runners.byId(runner.id)?.status;
  if (status === RunnerStatus.STOPPING) {
    // Not waited for: it may take its time, and the controller records its end.
    controller.stop({ force: true, graceMs: 0 }).catch((error) => {
      log.error({ runner: runner.id, error }, "an interrupted stop could not be finished");
    });
    return controller;
  }
  if (!live) return controller;
  if (status === RunnerStatus.STARTING) supervisor.expectAnswer(controller);
  else if (memory.stored.continues !== undefined) expectContinued(supervisor, controller);
  const isFrozen = status === RunnerStatus.PAUSED && memory.stored.frozen === true;
  // The earlier daemon may have died between the record and the signal.
  if (isFrozen) await process.freeze();
  else if (memory.stored.thawing) await pauseQueueOf(controller).run(() => thaw(controller));
  if (isSending) expectDelivery(supervisor, controller, turn, { isFrozen });
  return controller;
}
