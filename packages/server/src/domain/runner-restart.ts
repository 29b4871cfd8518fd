import { EventType, RunnerActivity, RunnerRestartedSchema, RunnerStatus } from "@stratavore/proto";
import type { RunnerRow, Transaction } from "../store/index.js";
import { checkBudgets } from "./budgets/refusal.js";
import { failedPrecondition } from "./errors.js";
import { recordEvent } from "./events.js";
import { isLive, statusName } from "./lifecycle.js";
import { checkNotArchived } from "./projects.js";
import { checkRunnerQuota } from "./quotas.js";
import { checkRuntimeId, moveRunner } from "./runners.js";
import { checkTokenQuota } from "./token-quota.js";

const { STARTING, STOPPING } = RunnerStatus;

/** @throws DomainError failed_precondition: it is external, STARTING or STOPPING */
export function checkRestartable(runner: RunnerRow): void {
  const { id, status, external } = runner;
  const facts = { runner: id, status: statusName(status) };
  if (external) {
    throw failedPrecondition(
      "EXTERNAL_RUNNER",
      `runner ${id} is external: its owner runs it, and there is nothing of it to start here`,
      facts,
    );
  }
  if (status === STARTING || status === STOPPING) {
    const way =
      status === STARTING ? "wait until it is RUNNING, or stop it first" : "wait until it is TERMINATED";
    throw failedPrecondition(
      "RUNNER_STATE",
      `runner ${id} is ${statusName(status)} and cannot be restarted; ${way}`,
      facts,
    );
  }
}

/**
 * Whether a runner may be started again, also while it still lives and has its place. The answer is how many places its
 * project's live runners have then: `held` for the check once it has ended.
 *
 * @throws DomainError failed_precondition: also when its project is archived; resource_exhausted; already_exists:
 *   another one has taken its runtime_id
 */
export function checkRestart(tx: Transaction, runner: RunnerRow, held = 0): number {
  checkRestartable(runner);
  const project = tx.projects.byUid(runner.projectUid)!;
  checkNotArchived(project);
  if (!isLive(runner.status)) checkRunnerQuota(tx, project, held);
  checkTokenQuota(tx, project, Date.now());
  checkBudgets(tx, project, Date.now());
  checkRuntimeId(tx, runner.runtimeId, runner.id);
  return tx.runners.countLive(project.uid);
}

/** Begins a new incarnation of a runner that has ended, and records the intent to start its process. */
export function restartRunner(
  tx: Transaction,
  runner: RunnerRow,
  held: number,
  place: (incarnation: number) => { dir: string; nonce: string },
): RunnerRow {
  checkRestart(tx, runner, held);
  const incarnation = runner.incarnation + 1;
  const restarted = moveRunner(tx, runner, STARTING, {
    incarnation,
    reason: "",
    exitCode: null,
    startedAt: null,
    endedAt: null,
    sessionId: null,
    effectiveModel: "",
    peakMemoryMb: 0n,
    activity: RunnerActivity.UNSPECIFIED,
  });
  tx.processes.insert({ runnerId: runner.id, ...place(incarnation), state: "intended" });
  const reason = "restarted on request";
  recordEvent(tx, EventType.RUNNER_RESTARTED, { runner: restarted }, RunnerRestartedSchema, {
    incarnation,
    reason,
  });
  return restarted;
}
