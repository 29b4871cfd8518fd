import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreateRunnerRequest,
  type CreateRunnerResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
  HeartbeatResponseSchema,
  PermissionMode,
  type RunnerSpec,
  RunnerSpecSchema,
} from "@stratavore/proto";
import { invalidField } from "../../domain/errors.js";
import { defaultHeartbeatTtlMs } from "../../domain/external-runners.js";
import type { RepeatableRequest } from "../../domain/idempotency.js";
import { projectByName } from "../../domain/projects.js";
import { configOf } from "../../domain/views/project.js";
import { runnerMessage } from "../../domain/views/runner.js";
import { checkEnvironmentNames } from "../../supervise/environment.js";
import { createExternalRunner } from "../../supervise/external/create.js";
import { callerOf } from "../caller.js";
import type { Services } from "../services.js";
import { factsOf } from "./facts.js";

/** The agent of an external runner whose owner names none. */
const defaultAgent = "external";

/** @throws DomainError invalid_argument for a TTL that nothing would keep */
export function checkHeartbeatTtl({ external, heartbeatTtl }: CreateRunnerRequest): void {
  if (external || heartbeatTtl === undefined) return;
  throw invalidField(
    "heartbeat_ttl",
    "only external runners send heartbeats; set external, or leave this out",
  );
}

/** Records a runner that its owner runs: nothing is started, and no agent has to be there. */
export async function createExternal(
  { store, supervisor }: Services,
  request: CreateRunnerRequest,
  context: HandlerContext,
  repeat: RepeatableRequest | undefined,
): Promise<CreateRunnerResponse> {
  const { projectName, runtimeId, quota, metadata, heartbeatTtl } = request;
  const spec = request.spec ?? create(RunnerSpecSchema);
  checkEnvironmentNames(Object.keys(spec.environment), "spec.environment");
  const config = configOf(projectByName(store.read, projectName));
  const input = {
    projectName,
    agent: spec.agent || defaultAgent,
    model: request.model || (config?.model ?? ""),
    temperature: request.temperature || (config?.temperature ?? 0),
    maxTokens: request.maxTokens || (config?.maxTokens ?? 0),
    runtimeId,
    quota,
    metadata,
    spec,
    warnings: warningsOf(spec, request),
    createdBy: callerOf(context),
    heartbeatTtlMs: heartbeatTtl === undefined ? defaultHeartbeatTtlMs : durationMs(heartbeatTtl),
  };
  return await createExternalRunner(supervisor, input, repeat);
}

/** What is only for who starts a process. */
function warningsOf(spec: RunnerSpec, { quota }: CreateRunnerRequest): string[] {
  const unused: [string, boolean][] = [
    ["prompt", spec.prompt !== ""],
    ["permission_mode", spec.permissionMode !== PermissionMode.UNSPECIFIED],
    ["environment", Object.keys(spec.environment).length > 0],
    ["mcp_servers", spec.mcpServers.length > 0],
    ["args", spec.args.length > 0],
    ["resume_session_id", spec.resumeSessionId !== ""],
    ["fork_session", spec.forkSession],
    ["input", spec.input],
  ];
  const warnings = unused.flatMap(([name, is]) =>
    is
      ? [`spec.${name} was recorded but has no effect: the runner is external, and its owner starts it`]
      : [],
  );
  if ((quota?.maxConcurrentRunners ?? 0) !== 0) {
    warnings.push("quota.max_concurrent_runners was ignored: it is a limit of projects, not of one runner");
  }
  return warnings;
}

/** A sign of life from the owner of an external runner, or its word that the runner has ended. */
export async function heartbeat(services: Services, request: HeartbeatRequest): Promise<HeartbeatResponse> {
  if (!request.ended) {
    const without = "is of a runner that has ended; set ended too";
    if (request.exitCode !== undefined) throw invalidField("exit_code", `it ${without}`);
    if (request.error !== "") throw invalidField("error", `it ${without}`);
  }
  const row = await services.supervisor.externals.heartbeat(request);
  return create(HeartbeatResponseSchema, { runner: runnerMessage(row, factsOf(services, row)) });
}
