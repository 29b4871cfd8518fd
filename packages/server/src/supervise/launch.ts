import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RunnerStatus } from "@stratavore/proto";
import {
  type AgentProfile,
  type ClaudeLaunch,
  claudeArguments,
  claudeEnvironment,
  currentModel,
  refusedArgument,
} from "../agents/index.js";
import { failedPrecondition, invalidField } from "../domain/errors.js";
import { newId } from "../domain/ids.js";
import { runnerStarted } from "../domain/runners.js";
import { configOf } from "../domain/views/project.js";
import type { AgentProcess, LaunchSpec } from "../drivers/driver.js";
import type { ProcessRow, ProjectRow, RunnerRow, Transaction } from "../store/index.js";
import { resolveCommand } from "./agent-choice.js";
import { type ContinuedSession, claudeLaunch } from "./continued-session.js";
import { inheritedEnvironment, readEnvironment } from "./environment.js";
import { RunnerMemory } from "./runner/memory.js";
import { openOwnSession } from "./runner/open-session.js";
import { post } from "./runner/outbox.js";

/** All that a start needs, found out before anything is recorded, so that a bad one leaves no record. */
export interface LaunchPlan {
  program: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  protocol: AgentProfile["protocol"];
  /** Whether the program's input stays open. */
  input: boolean;
  /** The session that the agent is to take up once it has answered; for a restart. */
  continues?: string;
  /** Of the protocol claude only. */
  claude?: ClaudeLaunch;
  /** What the agent's token figures are of, if not of a turn. */
  tokens?: AgentProfile["tokens"];
}

export interface LaunchRequest {
  profile: AgentProfile;
  project: ProjectRow;
  /** Arguments of the request; with an exec profile that has no command, the whole command. */
  args: readonly string[];
  environment: Parameters<typeof readEnvironment>[0];
  input: boolean;
  /** The model to begin with, for agents that are told at their start; empty: their default. */
  model: string;
  /** Tokens of one answer, likewise; 0: their default. */
  maxTokens: number;
  /** The session that the process is started to continue, or a copy of it. */
  continued?: ContinuedSession | undefined;
}

/**
 * @throws DomainError failed_precondition: the program, a secret or the project's directory is not there;
 *   invalid_argument: no command, or an argument that is not the caller's to give
 */
export async function planLaunch(request: LaunchRequest, source: NodeJS.ProcessEnv): Promise<LaunchPlan> {
  const { profile, project } = request;
  await checkFolder(project.path);
  const config = configOf(project);
  const env = {
    ...inheritedEnvironment(source, profile.inherit),
    ...profile.environment,
    ...(await readEnvironment(config?.environment ?? {}, source)),
    ...(await readEnvironment(request.environment, source)),
  };
  const command = [...profile.command, ...(config?.args ?? []), ...request.args];
  const program = await resolveCommand(command[0]!, env.PATH ?? "", project.path, profile.install);
  const { protocol, tokens } = profile;
  const plan = { program, args: command.slice(1), env, cwd: project.path, protocol, tokens };
  if (protocol === "claude") return asClaude(plan, request);
  return { ...plan, input: protocol === "acp" || request.input };
}

/** @throws DomainError invalid_argument: an argument that decides on the conversation, which is ours to do */
function asClaude(plan: Omit<LaunchPlan, "input">, request: LaunchRequest): LaunchPlan {
  const refused = refusedArgument(plan.args);
  if (refused !== undefined) {
    throw invalidField("spec.args", `${refused} is not for callers to give: it decides on the conversation`);
  }
  const claude = claudeLaunch(currentModel(request.model).model, request.continued);
  return {
    ...plan,
    args: [...plan.args, ...claudeArguments(claude, plan.args)],
    env: { ...claudeEnvironment(request.maxTokens), ...plan.env },
    input: true,
    claude,
  };
}

async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return;
  throw failedPrecondition(
    "PROJECT_PATH",
    `the project's directory ${path} is missing; create it, or give the project another path`,
    { path },
  );
}

export function launchSpec(plan: LaunchPlan, runner: RunnerRow, row: ProcessRow): LaunchSpec {
  return {
    dir: row.dir,
    nonce: row.nonce,
    program: plan.program,
    args: plan.args,
    env: { ...plan.env, STRATAVORE_RUNNER_ID: runner.id, STRATAVORE_PROJECT: runner.projectName },
    cwd: plan.cwd,
    input: plan.input,
  };
}

/** Records a process right after its start. What is its own session is RUNNING with that. */
export function recordStart(
  tx: Transaction,
  runner: RunnerRow,
  plan: Pick<LaunchPlan, "protocol" | "input" | "cwd" | "continues" | "claude" | "tokens">,
  process: AgentProcess,
  execSessionId: string,
): RunnerMemory {
  const { protocol, input, cwd, continues, claude, tokens } = plan;
  const memory = RunnerMemory.first({ protocol, input, cwd, continues, claude, tokens }, execSessionId);
  post(memory.stored.outbox, memory.adapter.start());
  tx.processes.update(runner.id, {
    handle: process.handle,
    adapterState: memory.snapshot(),
    state: "started",
  });
  // A stop may have come between the record and the start.
  if (!memory.adapter.opensSessions && runner.status === RunnerStatus.STARTING) {
    openOwnSession(tx, runnerStarted(tx, runner, { pid: process.handle.pid }), memory, execSessionId);
  }
  return memory;
}

export const newExecSessionId = () => newId("session");

interface Incarnation {
  runnersFolder: string;
  owner: string;
  runnerId: string;
  incarnation: number;
}

/** The folder of one incarnation's process, and a new id that will prove it is ours. */
export const placeOf = ({ runnersFolder, owner, runnerId, incarnation }: Incarnation) => ({
  dir: join(runnersFolder, runnerId, String(incarnation)),
  nonce: `${owner}-${randomBytes(16).toString("hex")}`,
});
