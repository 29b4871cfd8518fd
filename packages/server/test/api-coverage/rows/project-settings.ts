import { Budget_Scope, PermissionMode, type Project, RestartPolicy_Mode } from "@stratavore/proto";
import { expect } from "vitest";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../row.js";
import { conversation, demo, echo, permissionOutcome, printed, sleeper, warnedOf } from "./agents.js";
import { burner, cpuOutcome, holder, memoryOutcome, messageAfterTokens, program, sampled } from "./limits.js";

/** Gives a new project its settings, by one of the RPCs that can. */
export interface Giving {
  rpc: "CreateProject" | "UpdateProject";
  give(server: Opened, given: object): Promise<{ project?: Project; warnings: string[] }>;
}

type Given = Awaited<ReturnType<Giving["give"]>>;

const settings =
  ({ rpc, give }: Giving) =>
  (
    of: Pick<Row, "field" | "unset" | "set" | "options"> & {
      value: object;
      see: (server: Opened, project: string, given: Given) => Promise<unknown>;
    },
  ): Row =>
    row({
      ...of,
      rpc,
      async see(server, given) {
        const answer = await give(server, given);
        return await of.see(server, answer.project!.name, answer);
      },
    });

const warned = async (_: Opened, __: string, { warnings }: Given) => warnedOf(warnings);

/** What a project's defaults do to its runners. */
export function configRows(giving: Giving): Row[] {
  const setting = settings(giving);
  return [
    setting({
      field: "config.agent",
      unset: ["a runner that names no agent is refused", "FAILED_PRECONDITION AGENT_NOT_CHOSEN"],
      set: ["a runner that names none has this one", "demo"],
      value: { config: { agent: "demo" } },
      see: ({ runners }, projectName) =>
        outcomeOf(runners.createRunner({ projectName }), ({ runner }) => runner?.agent),
    }),
    setting({
      field: "config.model",
      unset: ["its runners have the agent's own model", ["", "demo"]],
      set: ["its runners have this one", ["demo-fast", "demo-fast"]],
      value: { config: { model: "demo-fast" } },
      async see(server, projectName) {
        const runnerId = await demo(server, projectName);
        const { session } = await server.sessions.createSession({ runnerId });
        const { runner } = await server.runners.getRunner({ runnerId });
        return [runner!.model, session!.model];
      },
    }),
    setting({
      field: "config.temperature",
      unset: ["its runners have the agent's own", [0, []]],
      set: ["its runners ask for it, and are told where it cannot be passed on", [0.5, ["temperature"]]],
      value: { config: { temperature: 0.5 } },
      async see({ runners }, projectName) {
        const { runner, warnings } = await runners.createRunner({ projectName, spec: sleeper });
        return [runner!.temperature, warnedOf(warnings)];
      },
    }),
    setting({
      field: "config.max_tokens",
      unset: ["its runners have the agent's own", [0, []]],
      set: ["its runners ask for it, and are told where it cannot be passed on", [500, ["max_tokens"]]],
      value: { config: { maxTokens: 500 } },
      async see({ runners }, projectName) {
        const { runner, warnings } = await runners.createRunner({ projectName, spec: sleeper });
        return [runner!.maxTokens, warnedOf(warnings)];
      },
    }),
    setting({
      field: "config.environment",
      unset: ["its agents do not have the variable", "[]"],
      set: ["its agents have the variable", "[hello]"],
      value: { config: { environment: { GREETING: { source: { case: "plain", value: "hello" } } } } },
      see: (server, project) =>
        printed(server, project, { agent: "exec", args: ["sh", "-c", 'echo "[$GREETING]"'] }),
    }),
    setting({
      field: "config.args",
      unset: ["its agents have the request's arguments", "mine"],
      set: ["its agents have these before them", "the project's mine"],
      options: { agents: [echo] },
      value: { config: { args: ["the project's"] } },
      see: (server, project) => printed(server, project, { agent: "echo", args: ["mine"] }),
    }),
    setting({
      field: "config.restart_policy",
      unset: ["nothing is said of it", []],
      set: ["recorded, with a warning that this release does not apply it", ["config.restart_policy"]],
      value: { config: { restartPolicy: { mode: RestartPolicy_Mode.ON_FAILURE } } },
      see: warned,
    }),
    setting({
      field: "config.approval_policy",
      unset: ["what an agent asks for waits for a person", "waits"],
      set: ["it is answered by the policy", expect.stringMatching(/reject/)],
      value: { config: { approvalPolicy: { mode: PermissionMode.DENY } } },
      see: async (server, project) => permissionOutcome(server, await conversation(server, project)),
    }),
    setting({
      field: "config.budgets",
      unset: ["any number of tokens", "taken"],
      set: ["when one is used up, a message is refused", "RESOURCE_EXHAUSTED BUDGET_EXCEEDED"],
      value: { config: { budgets: [{ scope: Budget_Scope.RUNNER, maxTokens: 15n }] } },
      see: async (server, project) => messageAfterTokens(server, await conversation(server, project)),
    }),
  ];
}

/** What a project's limits do to its runners. */
export function quotaRows(giving: Giving): Row[] {
  const setting = settings(giving);
  return [
    setting({
      field: "quota.max_concurrent_runners",
      unset: ["any number of runners", ["made", "made"]],
      set: ["one more than that is refused", ["made", "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"]],
      value: { quota: { maxConcurrentRunners: 1 } },
      async see({ runners }, projectName) {
        const make = () => outcomeOf(runners.createRunner({ projectName, spec: sleeper }), () => "made");
        return [await make(), await make()];
      },
    }),
    setting({
      field: "quota.max_memory_mb",
      unset: ["any amount of memory", "RUNNING"],
      set: ["when its runners use more, one is stopped and says why", "FAILED quota max_memory_mb 20"],
      options: sampled,
      value: { quota: { maxMemoryMb: 20n } },
      see: async (server, name, { project }) =>
        memoryOutcome(server, await program(server, name, holder), (project?.quota?.maxMemoryMb ?? 0n) > 0n),
    }),
    setting({
      field: "quota.max_cpu_percent",
      unset: ["any share of the machine", []],
      set: ["when its runners use more, there is a warning", ["quota max_cpu_percent 1"]],
      options: sampled,
      value: { quota: { maxCpuPercent: 1 } },
      see: async (server, name, { project }) =>
        cpuOutcome(server, await program(server, name, burner), (project?.quota?.maxCpuPercent ?? 0) > 0),
    }),
    setting({
      field: "quota.max_tokens_per_day",
      unset: ["any number of tokens", "taken"],
      set: ["when they are used up, a message is refused", "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"],
      value: { quota: { maxTokensPerDay: 15n } },
      see: async (server, project) => messageAfterTokens(server, await conversation(server, project)),
    }),
  ];
}
