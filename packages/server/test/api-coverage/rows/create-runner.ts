import { expect } from "vitest";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../row.js";
import { demo, sleeper, warnedOf } from "./agents.js";
import { burner, cpuOutcome, holder, memoryOutcome, messageAfterTokens, program, sampled } from "./limits.js";

const rpc = "CreateRunner";

const prepare = (server: Opened) => project(server);

const create = ({ runners }: Opened, given: object) =>
  runners.createRunner({ projectName: "web", spec: sleeper, ...given });

export const createRunner: readonly Row[] = [
  row({
    rpc,
    field: "project_name",
    unset: ["refused", "INVALID_ARGUMENT project_name"],
    set: ["the runner works for that project", "web"],
    value: { projectName: "web" },
    prepare,
    see: async ({ runners }, given) =>
      (await runners.createRunner({ spec: sleeper, ...given })).runner?.projectName,
  }),
  row({
    rpc,
    field: "model",
    unset: ["the agent's own model runs", { asked: "", runs: "demo" }],
    set: ["this model runs", { asked: "demo-fast", runs: "demo-fast" }],
    value: { model: "demo-fast" },
    prepare,
    async see(server, given) {
      const runnerId = await demo(server, "web", given);
      const { session } = await server.sessions.createSession({ runnerId });
      const { runner } = await server.runners.getRunner({ runnerId });
      return { asked: runner!.model, runs: session!.model };
    },
  }),
  row({
    rpc,
    field: "temperature",
    unset: ["the agent's own", [0, []]],
    set: ["it is asked for; a warning tells when the agent cannot be told", [0.7, ["temperature"]]],
    value: { temperature: 0.7 },
    prepare,
    async see(server, given) {
      const { runner, warnings } = await create(server, given);
      return [runner!.temperature, warnedOf(warnings)];
    },
  }),
  row({
    rpc,
    field: "max_tokens",
    unset: ["the agent's own", [0, []]],
    set: ["it is asked for; a warning tells when the agent cannot be told", [4096, ["max_tokens"]]],
    value: { maxTokens: 4096 },
    prepare,
    async see(server, given) {
      const { runner, warnings } = await create(server, given);
      return [runner!.maxTokens, warnedOf(warnings)];
    },
  }),
  row({
    rpc,
    field: "metadata",
    unset: ["no labels", {}],
    set: ["the runner has those labels", { user: "john.doe" }],
    value: { metadata: { user: "john.doe" } },
    prepare,
    see: async (server, given) => (await create(server, given)).runner?.metadata,
  }),
  row({
    rpc,
    field: "runtime_id",
    unset: ["the runner carries none, and another can be made", ["", "made"]],
    set: [
      "the runner carries it, and another live one with it is refused",
      ["mine", "ALREADY_EXISTS RUNTIME_ID_TAKEN"],
    ],
    value: { runtimeId: "mine" },
    prepare,
    see: async (server, given) => [
      (await create(server, given)).runner?.runtimeId,
      await outcomeOf(create(server, given), () => "made"),
    ],
  }),
  row({
    rpc,
    field: "quota",
    unset: ["no limits but the project's", undefined],
    set: ["the runner shows limits of its own", expect.objectContaining({ maxMemoryMb: 4096n })],
    value: { quota: { maxMemoryMb: 4096n } },
    prepare,
    see: async (server, given) => (await create(server, given)).runner?.quota,
  }),
  row({
    rpc,
    field: "quota.max_concurrent_runners",
    unset: ["nothing is said of it", []],
    set: ["ignored, with a warning: it is a limit of projects", ["quota.max_concurrent_runners"]],
    value: { quota: { maxConcurrentRunners: 1 } },
    prepare,
    see: async (server, given) => warnedOf((await create(server, given)).warnings),
  }),
  row({
    rpc,
    field: "quota.max_memory_mb",
    unset: ["any amount of memory", "RUNNING"],
    set: ["when it uses more, it is stopped and says why", "FAILED quota max_memory_mb 20"],
    options: sampled,
    value: { quota: { maxMemoryMb: 20n } },
    prepare,
    see: async (server, given) =>
      memoryOutcome(server, await program(server, "web", holder, given), "quota" in given),
  }),
  row({
    rpc,
    field: "quota.max_cpu_percent",
    unset: ["any share of the machine", []],
    set: ["when it uses more, there is a warning", ["quota max_cpu_percent 1"]],
    options: sampled,
    value: { quota: { maxCpuPercent: 1 } },
    prepare,
    see: async (server, given) =>
      cpuOutcome(server, await program(server, "web", burner, given), "quota" in given),
  }),
  row({
    rpc,
    field: "quota.max_tokens_per_day",
    unset: ["any number of tokens", "taken"],
    set: ["when they are used up, a message to it is refused", "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"],
    value: { quota: { maxTokensPerDay: 15n } },
    prepare,
    async see(server, given) {
      const runnerId = await demo(server, "web", given);
      const { session } = await server.sessions.createSession({ runnerId });
      return await messageAfterTokens(server, session!.id);
    },
  }),
];
