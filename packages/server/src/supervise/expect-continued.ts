import { setTimeout as delay } from "node:timers/promises";
import { RunnerStatus } from "@stratavore/proto";
import type { RunnerController } from "./runner/controller.js";
import type { StoredMemory } from "./runner/memory.js";
import type { Supervisor } from "./supervisor.js";

const { STARTING, PAUSED } = RunnerStatus;

/**
 * Ends an agent that was started to go on with a session and does not take it up, in as much time as it has to answer
 * after its start. While it is held back its time does not run out.
 */
export function expectContinued(supervisor: Supervisor, controller: RunnerController): void {
  // One that ended, or is deleted, has said so; and the next daemon looks itself.
  watch(supervisor, controller).catch(() => {});
}

async function watch(supervisor: Supervisor, controller: RunnerController): Promise<void> {
  const { startTimeoutMs, store } = supervisor.options;
  const { runnerId } = controller;
  const { closing } = supervisor;
  const pending = () => {
    const row = supervisor.controller(runnerId) === controller && store.read.processes.get(runnerId);
    return (row && (row.adapterState as StoredMemory | null)?.continues) || undefined;
  };
  for (;;) {
    const goesOn = ({ status }: { status: RunnerStatus }) => status !== STARTING && status !== PAUSED;
    await supervisor.inState(runnerId, goesOn, closing);
    if (pending() === undefined) return;
    await delay(startTimeoutMs, undefined, { signal: closing, ref: false });
    const sessionId = pending();
    if (sessionId === undefined) return;
    if (store.read.runners.byId(runnerId)?.status === PAUSED) continue;
    controller.fail(`the agent did not take up session ${sessionId} within ${startTimeoutMs / 1000} s`);
    return;
  }
}
