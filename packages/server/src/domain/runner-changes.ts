import { isDeepStrictEqual } from "node:util";
import {
  EventType,
  RunnerDeletedSchema,
  RunnerPausedSchema,
  RunnerResumedSchema,
  RunnerStatus,
  RunnerUpdatedSchema,
} from "@stratavore/proto";
import type { RunnerPatch, RunnerRow, Transaction } from "../store/index.js";
import { failedPrecondition } from "./errors.js";
import { checkEtag } from "./etag.js";
import { recordEvent } from "./events.js";
import { isLive, isTerminal, statusName } from "./lifecycle.js";
import { moveRunner, runnerById } from "./runners.js";
import { runnerMessage } from "./views/runner.js";

/** Warnings that a runner keeps. */
const maxWarnings = 50;

/** New values; what is left out stays. */
export type RunnerChanges = Pick<RunnerPatch, "model" | "temperature" | "maxTokens" | "metadata">;

const protoNames = {
  model: "model",
  temperature: "temperature",
  maxTokens: "max_tokens",
  metadata: "metadata",
} as const;

/** Asks a live agent to use another model; gives what is known at once not to come of it. */
export type SetModel = (runner: RunnerRow, model: string) => string[];

/**
 * Changes the record of a runner. What has no effect on the agent that runs becomes a warning of the runner.
 *
 * @throws DomainError not_found, aborted for a stale etag, failed_precondition for more than labels of an ended runner
 */
export function updateRunner(
  tx: Transaction,
  id: string,
  { changes, etag }: { changes: RunnerChanges; etag: string },
  setModel: SetModel,
): RunnerRow {
  const runner = runnerById(tx, id);
  checkEtag({ kind: "runner", id, version: runner.version }, etag);
  const keys = (Object.keys(protoNames) as (keyof typeof protoNames)[]).filter((key) => key in changes);
  const fixed = keys.filter((key) => key !== "metadata").map((key) => protoNames[key]);
  if (isTerminal(runner.status) && fixed.length > 0) {
    throw failedPrecondition(
      "RUNNER_ENDED",
      `runner ${id} is ${statusName(runner.status)} and only its metadata can be changed, not ${fixed.join(", ")}; restart it first`,
      { runner: id, status: statusName(runner.status), fields: fixed.join(",") },
    );
  }
  const changed = keys.filter((key) => !isDeepStrictEqual(changes[key], runner[key]));
  if (changed.length === 0) return runner;
  const patch = Object.fromEntries(changed.map((key) => [key, changes[key]]));
  const unapplied = changed.flatMap((key) => {
    if (key === "metadata") return [];
    if (runner.external)
      return [`${protoNames[key]} was recorded; it is for the owner of the runner to apply it`];
    if (key === "model") return setModel(runner, changes.model ?? "");
    return [`${protoNames[key]} was recorded but not applied: the agent's protocol cannot pass it on`];
  });
  const now = tx.runners.update(id, { ...patch, warnings: withWarnings(runner, unapplied) })!;
  runnerUpdated(
    tx,
    now,
    changed.map((key) => protoNames[key]),
  );
  return now;
}

const withWarnings = ({ warnings }: RunnerRow, more: readonly string[]) =>
  [...new Set([...warnings, ...more])].slice(0, maxWarnings);

const runnerUpdated = (tx: Transaction, runner: RunnerRow, fields: string[]) =>
  recordEvent(tx, EventType.RUNNER_UPDATED, { runner }, RunnerUpdatedSchema, {
    fields,
    runner: runnerMessage(runner),
  });

/** The agent has told of something that was not done as asked. */
export function warnOf(tx: Transaction, runner: RunnerRow, message: string): void {
  const warnings = withWarnings(runner, [message]);
  if (warnings.length === runner.warnings.length) return;
  runnerUpdated(tx, tx.runners.update(runner.id, { warnings })!, ["warnings"]);
}

/** The agent uses another model in the runner's active session. */
export function modelRuns(tx: Transaction, runner: RunnerRow, effectiveModel: string): void {
  if (runner.effectiveModel === effectiveModel) return;
  runnerUpdated(tx, tx.runners.update(runner.id, { effectiveModel })!, ["effective_model"]);
}

/**
 * Holds a runner back: no turn is handed to its agent.
 *
 * @throws DomainError not_found, failed_precondition unless it is RUNNING
 */
export function pauseRunner(tx: Transaction, id: string, { frozen }: { frozen: boolean }): RunnerRow {
  const paused = moveRunner(tx, runnerById(tx, id), RunnerStatus.PAUSED);
  const reason = "paused on request";
  recordEvent(tx, EventType.RUNNER_PAUSED, { runner: paused }, RunnerPausedSchema, { frozen, reason });
  return paused;
}

/** @throws DomainError not_found, failed_precondition unless it is PAUSED */
export function resumeRunner(tx: Transaction, id: string): RunnerRow {
  const runner = runnerById(tx, id);
  if (runner.status !== RunnerStatus.PAUSED) {
    throw failedPrecondition(
      "RUNNER_NOT_PAUSED",
      `runner ${id} is ${statusName(runner.status)}; only a PAUSED one can be resumed`,
      { runner: id, status: statusName(runner.status) },
    );
  }
  const resumed = moveRunner(tx, runner, RunnerStatus.RUNNING);
  const reason = "resumed on request";
  recordEvent(tx, EventType.RUNNER_RESUMED, { runner: resumed }, RunnerResumedSchema, { reason });
  return resumed;
}

/**
 * Takes an ended runner off the record; its sessions stay.
 *
 * @throws DomainError failed_precondition: it is live
 */
export function deleteRunner(tx: Transaction, runner: RunnerRow): void {
  if (isLive(runner.status)) {
    throw failedPrecondition(
      "RUNNER_LIVE",
      `runner ${runner.id} is ${statusName(runner.status)}; stop it first, or set force`,
      { runner: runner.id, status: statusName(runner.status) },
    );
  }
  recordEvent(tx, EventType.RUNNER_DELETED, { runner }, RunnerDeletedSchema, { status: runner.status });
  tx.runners.delete(runner.id);
}
