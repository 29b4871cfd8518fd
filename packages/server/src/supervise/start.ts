import { RunnerStatus } from "@stratavore/proto";
import { runnerById } from "../domain/runners.js";
import type { AgentProcess } from "../drivers/driver.js";
import type { RunnerRow } from "../store/index.js";
import { type LaunchPlan, launchSpec, newExecSessionId, recordStart } from "./launch.js";
import { failUnstarted } from "./reconcile/unstarted.js";
import { RunnerController } from "./runner/controller.js";
import { dispatchTurn, nothing } from "./runner/dispatch.js";
import type { RunnerMemory } from "./runner/memory.js";
import { untilStored } from "./runner/until-stored.js";
import type { Supervisor } from "./supervisor.js";

/** Starts the agent of a runner that is recorded, and follows it. Never rejects: what goes wrong is recorded. */
export async function startAgent(supervisor: Supervisor, runner: RunnerRow, plan: LaunchPlan): Promise<void> {
  const { store, driver, log } = supervisor.options;
  try {
    const row = store.read.processes.get(runner.id);
    if (row === undefined) return;
    const process = await driver.start(launchSpec(plan, runner, row));
    const memory = await recordOrEnd(supervisor, runner.id, plan, process);
    followStarted(supervisor, runner.id, plan, process, memory);
  } catch (error) {
    log.error({ runner: runner.id, error }, "the agent could not be started");
    const why = error instanceof Error ? error.message : String(error);
    await recordFailure(supervisor, runner.id, `the agent could not be started: ${why}`);
  }
}

/** A process that could not be recorded must not go on. */
async function recordOrEnd(
  { options: { store } }: Supervisor,
  runnerId: string,
  plan: LaunchPlan,
  process: AgentProcess,
): Promise<RunnerMemory> {
  const execSessionId = newExecSessionId();
  try {
    return await store.transaction((tx) =>
      recordStart(tx, runnerById(tx, runnerId), plan, process, execSessionId),
    );
  } catch (error) {
    await process.stop({ force: true, graceMs: 0 });
    throw error;
  }
}

function followStarted(
  supervisor: Supervisor,
  runnerId: string,
  plan: LaunchPlan,
  process: AgentProcess,
  memory: RunnerMemory,
): void {
  const { store, log } = supervisor.options;
  const controller = supervisor.follow(
    new RunnerController(supervisor.context, {
      runnerId,
      process,
      memory,
      pid: process.handle.pid,
      cwd: plan.cwd,
      offsets: { stdout: 0n, stderr: 0n },
      torn: false,
    }),
  );
  const logged = (what: string) => (error: unknown) => log.error({ runner: runnerId, error }, what);
  const { status, sessionId } = runnerById(store.read, runnerId);
  // A stop that came before there was anything to stop is carried out now.
  if (status === RunnerStatus.STOPPING) {
    controller.stop({ force: true, graceMs: 0 }).catch(logged("an agent could not be ended"));
  }
  if (status === RunnerStatus.STARTING) supervisor.expectAnswer(controller);
  if (sessionId === null || store.read.turns.nextQueued(sessionId) === undefined) return;
  const handOver = controller.change((tx, active) => {
    const session = tx.sessions.byId(sessionId);
    const prompts = session === undefined ? [] : dispatchTurn(tx, session, active);
    return { value: undefined, out: { ...nothing(), prompts } };
  });
  handOver.catch(logged("the prompt of a runner could not be handed over"));
}

async function recordFailure(supervisor: Supervisor, runnerId: string, reason: string): Promise<void> {
  const { store, log } = supervisor.options;
  try {
    await untilStored(() => store.transaction((tx) => failUnstarted(tx, runnerId, reason)), {
      signal: supervisor.closing,
      failing: (error) =>
        log.error({ runner: runnerId, error }, "a failed start cannot be stored; trying again"),
      waiting: async () => {},
      recovered: () => log.info({ runner: runnerId }, "the failed start is stored"),
    });
  } catch (error) {
    // The next daemon finds the record without a process and ends it.
    log.error({ runner: runnerId, error }, "a failed start is not recorded");
  }
}
