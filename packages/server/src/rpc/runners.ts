import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AgentProtocol,
  type CreateRunnerRequest,
  CreateRunnerRequestSchema,
  CreateRunnerResponseSchema,
  PermissionMode,
  type RunnerMetrics,
  RunnerMetricsSchema,
  type RunnerService,
  type RunnerSpec,
  RunnerSpecSchema,
  RunnerStatus,
} from "@stratavore/proto";
import { type AgentProfile, currentModel } from "../agents/index.js";
import { DomainError, invalidField } from "../domain/errors.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, repeatable } from "../domain/idempotency.js";
import { projectByName } from "../domain/projects.js";
import { runnerById } from "../domain/runners.js";
import { configOf } from "../domain/views/project.js";
import { runnerMessage } from "../domain/views/runner.js";
import { sessionMessage } from "../domain/views/session.js";
import type { RunnerRow } from "../store/index.js";
import { locate } from "../supervise/agent-choice.js";
import { agentVersion } from "../supervise/agent-version.js";
import { continuedSession } from "../supervise/continued-session.js";
import { checkEnvironmentNames } from "../supervise/environment.js";
import { planLaunch } from "../supervise/launch.js";
import { callerOf, scopeOf } from "./caller.js";
import { checkAgentOf, sessionToContinue } from "./continuable.js";
import { isRowKey, keyOf, limitOf, tokenOf } from "./paging.js";
import { runnerChanges } from "./runners/changes.js";
import { checkHeartbeatTtl, createExternal, heartbeat } from "./runners/external.js";
import { externalMetrics, factsOf } from "./runners/facts.js";
import { restartRunner } from "./runners/restart.js";
import { stopRunner } from "./runners/stop.js";
import type { Services } from "./services.js";
import { streamEvents } from "./streams/events.js";
import { openStream } from "./streams/open-stream.js";

type Implemented =
  | keyof ReturnType<typeof runnerChanges>
  | "createRunner"
  | "getRunner"
  | "listRunners"
  | "stopRunner"
  | "restartRunner"
  | "heartbeat"
  | "waitRunner"
  | "listAgents"
  | "streamRunnerEvents";

const protocols = {
  acp: AgentProtocol.ACP,
  claude: AgentProtocol.CLAUDE,
  exec: AgentProtocol.EXEC,
} as const;

export function runnerService(services: Services): Pick<ServiceImpl<typeof RunnerService>, Implemented> {
  const { store, supervisor, closing } = services;
  const { environment, agents } = supervisor.options;

  function metricsOf(row: RunnerRow): RunnerMetrics {
    const usage = factsOf(services, row).resourceUsage;
    const from = row.startedAt;
    const uptimeMs = from === null ? 0 : (row.endedAt ?? Date.now()) - from;
    const memoryMb = usage?.memoryMb ?? 0n;
    return create(RunnerMetricsSchema, {
      cpuPercent: usage?.cpuPercent ?? 0,
      memoryMb,
      // A sample is seen a moment before its peak is stored.
      peakMemoryMb: memoryMb > row.peakMemoryMb ? memoryMb : row.peakMemoryMb,
      tokensUsed: row.tokensUsed,
      uptime: { seconds: BigInt(Math.trunc(uptimeMs / 1000)), nanos: (uptimeMs % 1000) * 1e6 },
      restarts: row.incarnation - 1,
      exitCode: row.exitCode ?? undefined,
      ...externalMetrics(services, row),
    });
  }

  return {
    ...runnerChanges(services),

    async createRunner(request, context) {
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
      const profile = await agents.choose(
        [spec.agent, resumed?.agent ?? "", config?.agent ?? ""],
        environment,
      );
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
    },

    getRunner: ({ runnerId, includeMetrics, includeSession }) =>
      store.snapshot((read) => {
        const row = runnerById(read, runnerId);
        const session =
          includeSession && row.sessionId !== null ? read.sessions.byId(row.sessionId) : undefined;
        return {
          runner: runnerMessage(row, factsOf(services, row)),
          metrics: includeMetrics ? metricsOf(row) : undefined,
          session: session && sessionMessage(session, read.turns.latest(session.id)),
          asOfEventId: eventId(store.epoch, read.events.head()),
        };
      }),

    listRunners: ({ projectName, status, limit, offset, includeMetrics, metadataFilter, pageToken }) =>
      store.snapshot((read) => {
        const size = limitOf(limit);
        const page = read.runners.list({
          projectName: projectName || undefined,
          statuses: status === RunnerStatus.UNSPECIFIED ? undefined : [status],
          metadata: metadataFilter,
          limit: size + 1,
          offset,
          afterKey: keyOf(pageToken, isRowKey),
        });
        const rows = page.rows.slice(0, size);
        const hasMore = page.rows.length > size;
        const last = rows.at(-1);
        return {
          runners: rows.map((row) => {
            const { pid, resourceUsage, lastSeen } = factsOf(services, row);
            return runnerMessage(row, {
              pid,
              lastSeen,
              resourceUsage: includeMetrics ? resourceUsage : undefined,
            });
          }),
          totalCount: page.total,
          hasMore,
          nextPageToken: hasMore && last ? tokenOf({ createdAt: last.createdAt, id: last.id }) : "",
          asOfEventId: eventId(store.epoch, read.events.head()),
          metrics: includeMetrics ? Object.fromEntries(rows.map((row) => [row.id, metricsOf(row)])) : {},
        };
      }),

    stopRunner: (request, context) => stopRunner(services, request, context),

    restartRunner: (request, context) => restartRunner(services, request, context),

    heartbeat: (request) => heartbeat(services, request),

    async waitRunner({ runnerId, statuses }, { signal }) {
      const wanted = statuses.length > 0 ? statuses : [RunnerStatus.TERMINATED, RunnerStatus.FAILED];
      const ending = AbortSignal.any([signal, closing]);
      const row = await supervisor.inState(runnerId, ({ status }) => wanted.includes(status), ending);
      return { runner: runnerMessage(row, factsOf(services, row)) };
    },

    async listAgents({ includeVersions }) {
      const found = await Promise.all(
        agents.all().map(async (profile) => {
          const path = await locate(profile, environment);
          const installed = path !== null;
          return {
            name: profile.name,
            title: profile.title,
            protocol: protocols[profile.protocol],
            command: profile.command.join(" "),
            installed,
            path: path ?? "",
            version: includeVersions && path ? await agentVersion(path, environment) : "",
            missing: installed
              ? ""
              : `${profile.command[0]} is not on PATH; ${profile.install ?? "install it"}`,
            isDefault: profile.name === agents.defaultAgent,
          };
        }),
      );
      return { agents: found };
    },

    streamRunnerEvents: (request, { signal }) =>
      openStream(services, signal, (ending) => streamEvents(services, request, ending)),
  };
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
