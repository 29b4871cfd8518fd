import { create } from "@bufbuild/protobuf";
import {
  type PauseRunnerResponse,
  PauseRunnerResponseSchema,
  type ResumeRunnerResponse,
  ResumeRunnerResponseSchema,
} from "@stratavore/proto";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { pauseRunner as recordPause, resumeRunner as recordResume } from "../domain/runner-changes.js";
import { runnerById } from "../domain/runners.js";
import { runnerMessage } from "../domain/views/runner.js";
import { pauseExternal, resumeExternal } from "./external/pause.js";
import type { RunnerController } from "./runner/controller.js";
import { dispatchTurn, nothing } from "./runner/dispatch.js";
import { SerialQueue } from "./serial-queue.js";
import type { Supervisor } from "./supervisor.js";

/** The record and the processes change together, so that a pause and a resume at once leave them the same. */
const queues = new WeakMap<RunnerController, SerialQueue>();

export function pauseQueueOf(controller: RunnerController): SerialQueue {
  const queue = queues.get(controller) ?? new SerialQueue();
  queues.set(controller, queue);
  return queue;
}

/**
 * Starts no new turn; with `freeze` the agent's processes are stopped where they are, which outlives the daemon.
 *
 * @throws DomainError not_found, failed_precondition unless the runner is RUNNING
 */
export async function pauseRunner(
  supervisor: Supervisor,
  { runnerId, freeze }: { runnerId: string; freeze: boolean },
  request: RepeatableRequest | undefined,
): Promise<PauseRunnerResponse> {
  const runner = runnerById(supervisor.options.store.read, runnerId);
  if (runner.external) return await pauseExternal(supervisor, runner, freeze, request);
  const controller = supervisor.live(runner);
  return await pauseQueueOf(controller).run(async () => {
    const { answer, effect } = await controller.change((tx, memory) => {
      const value = once(tx, request, PauseRunnerResponseSchema, () => {
        const row = recordPause(tx, runnerId, { frozen: freeze });
        memory.stored.frozen = freeze;
        return { answer: create(PauseRunnerResponseSchema, { runner: runnerMessage(row) }), effect: row };
      });
      return { value, out: nothing() };
    });
    if (effect !== undefined && freeze) await controller.process.freeze();
    return answer;
  });
}

/**
 * Lets a paused runner go on, with the turns that waited.
 *
 * @throws DomainError not_found, failed_precondition unless the runner is PAUSED
 */
export async function resumeRunner(
  supervisor: Supervisor,
  { runnerId }: { runnerId: string },
  request: RepeatableRequest | undefined,
): Promise<ResumeRunnerResponse> {
  const runner = runnerById(supervisor.options.store.read, runnerId);
  if (runner.external) return await resumeExternal(supervisor, runner, request);
  const controller = supervisor.live(runner);
  return await pauseQueueOf(controller).run(async () => {
    const { answer, effect } = await controller.change((tx, memory) => {
      const { answer, effect } = once(tx, request, ResumeRunnerResponseSchema, () => {
        const row = recordResume(tx, runnerId);
        const wasFrozen = memory.stored.frozen === true;
        memory.stored.frozen = false;
        if (wasFrozen) memory.stored.thawing = true;
        const session = row.sessionId === null ? undefined : tx.sessions.byId(row.sessionId);
        const prompts = session === undefined ? [] : dispatchTurn(tx, session, memory);
        const now = runnerById(tx, runnerId);
        return {
          answer: create(ResumeRunnerResponseSchema, { runner: runnerMessage(now) }),
          effect: { prompts, wasFrozen },
        };
      });
      return { value: { answer, effect }, out: { ...nothing(), prompts: effect?.prompts ?? [] } };
    });
    if (effect?.wasFrozen) await thaw(controller);
    return answer;
  });
}

/** Lets the processes of a runner go on that were frozen until it was resumed. */
export async function thaw(controller: RunnerController): Promise<void> {
  await controller.process.thaw();
  const noted = controller.change((_, memory) => {
    memory.stored.thawing = false;
    return { value: undefined, out: nothing() };
  });
  // Without the note a later daemon does it once more, which does nothing.
  await noted.catch(() => {});
}
