import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreateRunnerRequest,
  CreateRunnerRequestSchema,
  type CreateRunnerResponse,
  CreateRunnerResponseSchema,
  PermissionMode,
  type RunnerSpec,
  RunnerSpecSchema,
} from "@stratavore/proto";
import { type AgentProfile, currentModel } from "../../agents/index.js";
import { DomainError, invalidField } from "../../domain/errors.js";
import { answeredBefore, repeatable } from "../../domain/idempotency.js";
import { projectByName } from "../../domain/projects.js";
import { configOf } from "../../domain/views/project.js";
import { continuedSession } from "../../supervise/continued-session.js";
import { checkEnvironmentNames } from "../../supervise/environment.js";
import { planLaunch } from "../../supervise/launch.js";
import { callerOf, scopeOf } from "../caller.js";
import { checkAgentOf, sessionToContinue } from "../continuable.js";
import type { Services } from "../services.js";
import { checkHeartbeatTtl, createExternal } from "./external.js";

/** Finds out all that a start needs, so that a bad one leaves no record; then records the runner and starts its agent. */
export async function createRunner(
  services: Services,
  request: CreateRunnerRequest,
  context: HandlerContext,
): Promise<CreateRunnerResponse> {
  const { store, supervisor } = services;
  const { environment, agents } = supervisor.options;
  const repeat = repeatable(scopeOf(context), CreateRunnerRequestSchema, request);
  const before = answeredBefore(store.read, repeat, CreateRunnerResponseSchema);
  if (before !== undefined) return before;
  checkHeartbeatTtl(request);
  if (request.external) return await createExternal(services, request, context, repeat);
  const spec = request.spec ?? create(RunnerSpecSchema);
  checkEnvironmentNames(Object.keys(spec.environment), "spec.environment");
  const project = projectByName(store.read, request.projectName);
  const config = configOf(project);
  const resumed = sessionToContinue(store.read, spec, project);
  const profile = await agents.choose([spec.agent, resumed?.agent ?? "", config?.agent ?? ""], environment);
  checkSpec(spec, profile.protocol);
  if (resumed !== undefined) checkAgentOf(resumed, profile.name);
  if (profile.protocol === "exec" && profile.command.length === 0 && spec.args.length === 0) {
    throw invalidField("spec.args", "the agent exec needs a command: its program and arguments");
  }
  const { args, environment: own, input } = spec;
  const effective = {
    model: request.model || (config?.model ?? ""),
    temperature: request.temperature || (config?.temperature ?? 0),
    maxTokens: request.maxTokens || (config?.maxTokens ?? 0),
  };
  const continued = resumed && continuedSession(resumed, spec.forkSession);
  const { model, maxTokens } = effective;
  const plan = await planLaunch(
    { profile, project, args, environment: own, input, model, maxTokens, continued },
    environment,
  );
  const warnings = warningsOf(request, effective, plan.protocol);
  return await supervisor.createRunner(
    {
      projectName: request.projectName,
      agent: profile.name,
      ...effective,
      runtimeId: request.runtimeId,
      quota: request.quota,
      metadata: request.metadata,
      spec,
      warnings,
      createdBy: callerOf(context),
    },
    plan,
    repeat,
  );
}

function checkSpec(spec: RunnerSpec, protocol: AgentProfile["protocol"]): void {
  if (protocol === "exec" && spec.prompt !== "" && !spec.input) {
    throw invalidField("spec.prompt", "the program reads no messages unless spec.input is set");
  }
  const secretIn = spec.mcpServers.find(({ environment, headers }) =>
    [...Object.values(environment), ...Object.values(headers)].some(({ source }) => source.case !== "plain"),
  );
  if (secretIn !== undefined) {
    throw new DomainError("unimplemented", "MCP_SECRETS", "spec.mcp_servers takes plain values only so far");
  }
}

/** What the caller asked for and does not get. What the agent itself refuses is in the session's events. */
function warningsOf(
  request: CreateRunnerRequest,
  effective: { model: string; temperature: number; maxTokens: number },
  protocol: AgentProfile["protocol"],
): string[] {
  const { quota, spec } = request;
  const isExec = protocol === "exec";
  const unapplied: [string, boolean][] = [
    ["temperature", effective.temperature !== 0],
    ["max_tokens", protocol !== "claude" && effective.maxTokens !== 0],
    ["model", isExec && effective.model !== ""],
    ["spec.permission_mode", isExec && (spec?.permissionMode ?? 0) !== PermissionMode.UNSPECIFIED],
    ["spec.mcp_servers", isExec && (spec?.mcpServers.length ?? 0) > 0],
  ];
  const warnings = unapplied.flatMap(([name, is]) =>
    is ? [`${name} was recorded but not applied: the agent's protocol cannot pass it on`] : [],
  );
  const { warning } = currentModel(effective.model);
  if (protocol === "claude" && warning !== undefined) warnings.push(warning);
  if ((quota?.maxConcurrentRunners ?? 0) !== 0) {
    warnings.push("quota.max_concurrent_runners was ignored: it is a limit of projects, not of one runner");
  }
  return warnings;
}
