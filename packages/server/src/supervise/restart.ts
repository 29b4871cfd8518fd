import { create } from "@bufbuild/protobuf";
import { type RestartRunnerResponse, RestartRunnerResponseSchema } from "@stratavore/proto";
import { failedPrecondition, shuttingDown } from "../domain/errors.js";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { checkRestart, checkRestartable, restartRunner as recordRestart } from "../domain/runner-restart.js";
import { runnerById } from "../domain/runners.js";
import { sessionById } from "../domain/sessions.js";
import { runnerMessage, specOf } from "../domain/views/runner.js";
import type { RunnerRow } from "../store/index.js";
import { continuedSession } from "./continued-session.js";
import { type LaunchPlan, placeOf, planLaunch } from "./launch.js";
import { orAborted } from "./or-aborted.js";
import { cannotResume, checkPreserved, sessionToPreserve } from "./preserved-session.js";
import type { Restart } from "./restarts.js";
import { startAgent } from "./start.js";
import { endRunner } from "./stop-runner.js";
import type { Supervisor } from "./supervisor.js";

export interface RestartInput {
  runnerId: string;
  preserveSession: boolean;
  /** How long a live agent may take to end by itself. */
  graceMs: number;
}

/**
 * Ends a runner that lives, and starts it again as a new incarnation; the answer is STARTING, and events tell the rest.
 * It goes on when its caller leaves. What can be known to be in the way is, before anything is stopped.
 *
 * @throws DomainError not_found; failed_precondition: also when it is told to stop meanwhile; resource_exhausted;
 *   already_exists; what a stop throws; the signal's reason
 */
export async function restartRunner(
  supervisor: Supervisor,
  input: RestartInput,
  request: RepeatableRequest | undefined,
  caller: AbortSignal,
): Promise<RestartRunnerResponse> {
  const { log } = supervisor.options;
  const { runnerId } = input;
  const done = supervisor.restarts.run(runnerId, request, (restart) =>
    perform(supervisor, input, request, restart),
  );
  done.catch((error) => {
    if (caller.aborted) log.warn({ runner: runnerId, error }, "a restart failed after its caller had left");
  });
  return await orAborted(done, caller);
}

async function perform(
  supervisor: Supervisor,
  { runnerId, preserveSession, graceMs }: RestartInput,
  request: RepeatableRequest | undefined,
  restart: Restart,
): Promise<RestartRunnerResponse> {
  const { store } = supervisor.options;
  const before = runnerById(store.read, runnerId);
  checkRestartable(before);
  const plan = await planRestart(supervisor, before, preserveSession);
  await endRunner(
    supervisor,
    runnerId,
    {
      force: false,
      graceMs,
      reason: "stopped to be restarted",
      check: (tx, now) => {
        restart.checkWanted();
        restart.held = checkRestart(tx, now);
      },
    },
    supervisor.closing,
  );
  const again = supervisor
    .letGo(runnerId)
    .then(() => startAgain(supervisor, runnerId, plan, request, restart));
  // Else reconciliation could remove what it takes for the last of an ended runner, once the new process is there.
  return await supervisor.takeInHand(runnerId, again, false);
}

async function planRestart(
  supervisor: Supervisor,
  runner: RunnerRow,
  preserveSession: boolean,
): Promise<LaunchPlan> {
  const { store, agents, environment: source } = supervisor.options;
  const { id, agent } = runner;
  const profile = agents.byName(agent);
  if (profile === undefined) {
    throw failedPrecondition(
      "AGENT_UNKNOWN",
      `the agent "${agent}" of runner ${id} has no profile any more; configure it, or create a runner of another one`,
      { runner: id, agent },
    );
  }
  const { args, environment, input } = specOf(runner);
  const { model, maxTokens } = runner;
  const project = store.read.projects.byUid(runner.projectUid)!;
  const request = { profile, project, args, environment, input, model, maxTokens };
  if (!preserveSession) return await planLaunch(request, source);
  if (profile.protocol === "exec") throw cannotResume(id, agent);
  const continues = sessionToPreserve(store.read, runnerById(store.read, id), supervisor.controller(id));
  const continued = continuedSession(sessionById(store.read, continues), false);
  return { ...(await planLaunch({ ...request, continued }, source)), continues };
}

async function startAgain(
  supervisor: Supervisor,
  runnerId: string,
  plan: LaunchPlan,
  request: RepeatableRequest | undefined,
  restart: Restart,
): Promise<RestartRunnerResponse> {
  const { store, runnersFolder, owner } = supervisor.options;
  const recorded = store.transaction((tx) =>
    once(tx, request, RestartRunnerResponseSchema, () => {
      restart.checkWanted();
      if (supervisor.closing.aborted) throw shuttingDown();
      const ended = runnerById(tx, runnerId);
      if (plan.continues !== undefined) checkPreserved(tx, ended, plan.continues);
      const runner = recordRestart(tx, ended, restart.held, (incarnation) =>
        placeOf({ runnersFolder, owner, runnerId, incarnation }),
      );
      return {
        answer: create(RestartRunnerResponseSchema, { runner: runnerMessage(runner) }),
        effect: runner,
      };
    }),
  );
  const started = recorded.then(async ({ effect }) => {
    if (effect !== undefined) await startAgent(supervisor, effect, plan);
  });
  void supervisor.takeInHand(runnerId, started);
  return (await recorded).answer;
}
