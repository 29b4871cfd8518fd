import { toBinary } from "@bufbuild/protobuf";
import {
  EventType,
  type ResourceQuota,
  RunnerActivity,
  RunnerCreatedSchema,
  RunnerFailedSchema,
  type RunnerSpec,
  RunnerSpecSchema,
  RunnerStartedSchema,
  RunnerStatus,
  RunnerStoppedSchema,
  type StopMethod,
} from "@stratavore/proto";
import type { Reads, RunnerPatch, RunnerRow, Transaction } from "../store/index.js";
import { checkBudgets } from "./budgets/refusal.js";
import { DomainError, notFound } from "./errors.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { checkMove } from "./lifecycle.js";
import { checkNotArchived, projectByName } from "./projects.js";
import { checkRunnerQuota } from "./quotas.js";
import { checkTokenQuota, tokenWarnings } from "./token-quota.js";
import { storedQuota } from "./views/quota.js";
import { runnerMessage } from "./views/runner.js";

export interface NewRunnerInput {
  projectName: string;
  agent: string;
  model: string;
  temperature: number;
  maxTokens: number;
  runtimeId: string;
  quota: ResourceQuota | undefined;
  metadata: Record<string, string>;
  spec: RunnerSpec;
  warnings: string[];
  createdBy: string;
  /** Silence after which it is FAILED, for one that is external. */
  heartbeatTtlMs?: number;
  /** Where its process will live and the random id that will prove it is ours; not of an external runner. */
  place?: (runnerId: string) => { dir: string; nonce: string };
}

/** Records a runner as STARTING, and the intent to start its process unless it is external. */
export function createRunner(tx: Transaction, input: NewRunnerInput): RunnerRow {
  const project = projectByName(tx, input.projectName);
  checkNotArchived(project);
  checkRunnerQuota(tx, project);
  checkTokenQuota(tx, project, Date.now());
  checkBudgets(tx, project, Date.now());
  checkRuntimeId(tx, input.runtimeId);
  const id = newId("runner");
  const runner = tx.runners.insert({
    id,
    projectUid: project.uid,
    projectName: project.name,
    status: RunnerStatus.STARTING,
    agent: input.agent,
    model: input.model,
    temperature: input.temperature,
    maxTokens: input.maxTokens,
    runtimeId: input.runtimeId,
    spec: toBinary(RunnerSpecSchema, input.spec),
    quota: storedQuota(input.quota),
    metadata: input.metadata,
    warnings: [...input.warnings, ...tokenWarnings(tx, project, Date.now())],
    createdBy: input.createdBy,
    external: input.heartbeatTtlMs !== undefined,
    heartbeatTtlMs: input.heartbeatTtlMs ?? null,
  });
  if (input.place !== undefined) tx.processes.insert({ runnerId: id, ...input.place(id), state: "intended" });
  recordEvent(tx, EventType.RUNNER_CREATED, { runner }, RunnerCreatedSchema, {
    runner: runnerMessage(runner),
  });
  return runner;
}

/** @throws DomainError already_exists when another live runner than `ownId` carries the id */
export function checkRuntimeId(reads: Pick<Reads, "runners">, runtimeId: string, ownId?: string): void {
  const taken = runtimeId === "" ? undefined : reads.runners.liveByRuntimeId(runtimeId);
  if (taken === undefined || taken.id === ownId) return;
  throw new DomainError(
    "already_exists",
    "RUNTIME_ID_TAKEN",
    `runner ${taken.id} is live and has the runtime_id "${runtimeId}"; choose another, or stop that runner`,
    { details: { runtime_id: runtimeId, runner: taken.id } },
  );
}

/** @throws DomainError not_found */
export function runnerById(reads: Pick<Reads, "runners">, id: string): RunnerRow {
  const row = reads.runners.byId(id);
  if (row === undefined) throw notFound("runner", id);
  return row;
}

/** Moves a runner, checked against the lifecycle. */
export function moveRunner(
  tx: Transaction,
  runner: RunnerRow,
  to: RunnerStatus,
  patch: RunnerPatch = {},
): RunnerRow {
  checkMove(runner.id, runner.status, to);
  // Why it was held back is no reason for what comes then.
  const reason = runner.status === RunnerStatus.PAUSED ? { reason: "" } : {};
  return tx.runners.update(runner.id, { ...reason, ...patch, status: to })!;
}

/** The agent has answered, or an external runner's owner was heard of. `activity`: IDLE unless it says otherwise. */
export function runnerStarted(
  tx: Transaction,
  runner: RunnerRow,
  facts: { pid: number; activity?: RunnerActivity },
): RunnerRow {
  const now = Date.now();
  const started = moveRunner(tx, runner, RunnerStatus.RUNNING, {
    startedAt: now,
    lastHeartbeat: now,
    activity: facts.activity ?? RunnerActivity.IDLE,
  });
  recordEvent(tx, EventType.RUNNER_STARTED, { runner: started }, RunnerStartedSchema, {
    incarnation: started.incarnation,
    agent: started.agent,
    model: started.effectiveModel,
    pid: facts.pid,
  });
  return started;
}

export interface RunnerEnd {
  status: RunnerStatus.TERMINATED | RunnerStatus.FAILED;
  reason: string;
  exitCode: number | null;
  endedProcesses: { pid: number; command: string; signal: string }[];
  method: StopMethod;
  stderrTail: string;
}

/** The process has ended and all it said is stored. */
export function runnerEnded(tx: Transaction, runner: RunnerRow, end: RunnerEnd): RunnerRow {
  const { status, reason, exitCode, endedProcesses, method, stderrTail } = end;
  const requested = runner.status === RunnerStatus.STOPPING;
  const ended = moveRunner(tx, runner, status, {
    reason,
    exitCode,
    endedAt: Date.now(),
    activity: RunnerActivity.UNSPECIFIED,
    sessionId: null,
  });
  tx.processes.delete(runner.id);
  const common = { reason, ...(exitCode === null ? {} : { exitCode }) };
  if (status === RunnerStatus.TERMINATED) {
    recordEvent(tx, EventType.RUNNER_STOPPED, { runner: ended }, RunnerStoppedSchema, {
      ...common,
      requested,
      endedProcesses,
      method,
    });
  } else {
    recordEvent(tx, EventType.RUNNER_FAILED, { runner: ended }, RunnerFailedSchema, {
      ...common,
      stderrTail,
    });
  }
  return ended;
}
