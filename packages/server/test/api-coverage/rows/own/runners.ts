import { RunnerActivity, RunnerStatus } from "@stratavore/proto";
import { type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { isFrozen } from "../../../supervise/frozen.js";
import { type Row, row } from "../../row.js";
import { sleeper, tidy } from "../agents.js";
import { program } from "../limits.js";
import { carriers } from "../reconcile.js";

const { RUNNING, PAUSED, TERMINATED, FAILED } = RunnerStatus;
const prepare = (server: Opened) => project(server);

async function running(server: Opened): Promise<string> {
  await project(server);
  const runnerId = await program(server, "web", sleeper);
  await server.runners.waitRunner({ runnerId, statuses: [RUNNING] });
  return runnerId;
}

/** An external runner that was heard. */
async function heard(server: Opened): Promise<string> {
  const { totalCount } = await server.projects.listProjects({});
  if (totalCount === 0) await project(server);
  const { runner } = await server.runners.createRunner({ projectName: "web", external: true });
  await server.runners.heartbeat({ runnerId: runner!.id });
  return runner!.id;
}

const refused = ["refused", "INVALID_ARGUMENT runner_id"] as const;

const verbs: readonly Row[] = [
  row({
    rpc: "PauseRunner",
    field: "runner_id",
    unset: refused,
    set: ["that runner is held back", PAUSED],
    value: (runnerId: string) => ({ runnerId }),
    prepare: running,
    see: async ({ runners }, given) => (await runners.pauseRunner(given)).runner?.status,
  }),
  row({
    rpc: "PauseRunner",
    field: "freeze",
    unset: ["no new turn starts, and its processes go on", "goes on"],
    set: ["its processes are stopped where they are", "frozen"],
    value: { freeze: true },
    prepare: running,
    async see(server, given, runnerId) {
      await server.runners.pauseRunner({ runnerId, ...given });
      const frozen = await isFrozen({ carriers: () => carriers(server) });
      await server.runners.resumeRunner({ runnerId });
      return frozen ? "frozen" : "goes on";
    },
  }),
  row({
    rpc: "ResumeRunner",
    field: "runner_id",
    unset: refused,
    set: ["that runner goes on", RUNNING],
    value: (runnerId: string) => ({ runnerId }),
    async prepare(server) {
      const runnerId = await running(server);
      await server.runners.pauseRunner({ runnerId });
      return runnerId;
    },
    see: async ({ runners }, given) => (await runners.resumeRunner(given)).runner?.status,
  }),
  row({
    rpc: "WaitRunner",
    field: "runner_id",
    unset: refused,
    set: ["that runner is waited for", RUNNING],
    value: (runnerId: string) => ({ runnerId }),
    prepare: running,
    see: async ({ runners }, given) =>
      (await runners.waitRunner({ statuses: [RUNNING], ...given })).runner?.status,
  }),
  row({
    rpc: "WaitRunner",
    field: "statuses",
    unset: ["until it has ended", TERMINATED],
    set: ["until it is in one of them", RUNNING],
    value: { statuses: [RUNNING] },
    prepare,
    async see(server, given) {
      const runnerId = await program(server, "web", sleeper);
      const waiting = server.runners.waitRunner({ runnerId, ...given });
      if (!("statuses" in given)) await server.runners.stopRunner({ runnerId, force: true });
      return (await waiting).runner?.status;
    },
  }),
  row({
    rpc: "ListAgents",
    field: "include_versions",
    unset: ["no versions, which would take longer", false],
    set: ["the versions of those that are installed", true],
    value: { includeVersions: true },
    see: async ({ runners }, given) =>
      (await runners.listAgents(given)).agents.some(({ version }) => version !== ""),
  }),
];

const beat = async ({ runners }: Opened, request: object) => (await runners.heartbeat(request)).runner!;

const heartbeat = (field: string, value: object, of: Pick<Row, "unset" | "set" | "see">): Row =>
  row({ rpc: "Heartbeat", field, value, prepare: (server) => project(server), ...of });

const heartbeats: readonly Row[] = [
  row({
    rpc: "Heartbeat",
    field: "runner_id",
    unset: refused,
    set: ["that runner is alive", RUNNING],
    value: (runnerId: string) => ({ runnerId }),
    prepare: heard,
    see: async (server, given) => (await beat(server, given)).status,
  }),
  heartbeat(
    "resource_usage",
    { resourceUsage: { memoryMb: 70n } },
    {
      unset: ["as before", undefined],
      set: ["the runner uses that", 70n],
      see: async (server, given) =>
        (await beat(server, { runnerId: await heard(server), ...given })).resourceUsage?.memoryMb,
    },
  ),
  heartbeat(
    "activity",
    { activity: RunnerActivity.WORKING },
    {
      unset: ["as before, at first idle", RunnerActivity.IDLE],
      set: ["the runner does that", RunnerActivity.WORKING],
      see: async (server, given) =>
        (await beat(server, { runnerId: await heard(server), ...given })).activity,
    },
  ),
  heartbeat(
    "ended",
    { ended: true },
    {
      unset: ["it goes on", RUNNING],
      set: ["it has ended", TERMINATED],
      see: async (server, given) => (await beat(server, { runnerId: await heard(server), ...given })).status,
    },
  ),
  heartbeat(
    "exit_code",
    { exitCode: 3 },
    {
      unset: ["it has ended well", [TERMINATED, undefined]],
      set: ["it has ended with that code", [FAILED, 3]],
      async see(server, given) {
        const runnerId = await heard(server);
        const { status, exitCode } = await beat(server, { runnerId, ended: true, ...given });
        return [status, exitCode];
      },
    },
  ),
  heartbeat(
    "error",
    { error: "out of ideas" },
    {
      unset: ["it has ended well", [TERMINATED, false]],
      set: ["it has failed, for that reason", [FAILED, true]],
      async see(server, given) {
        const runnerId = await heard(server);
        const { status, reason } = await beat(server, { runnerId, ended: true, ...given });
        return [status, reason.includes("out of ideas")];
      },
    },
  ),
];

const batch = "BatchStopRunners";

const batches: readonly Row[] = [
  row({
    rpc: batch,
    field: "runner_ids",
    unset: ["all live ones of the project", [TERMINATED, TERMINATED]],
    set: ["those runners", [TERMINATED, RUNNING]],
    value: ({ spare }: { spare: string }) => ({ runnerIds: [spare] }),
    async prepare(server) {
      const spare = await running(server);
      return { spare };
    },
    async see(server, given, { spare }) {
      if ("runnerIds" in given) await server.runners.restartRunner({ runnerId: spare });
      const other = await program(server, "web", sleeper);
      for (const runnerId of [spare, other]) {
        await server.runners.waitRunner({ runnerId, statuses: [RUNNING] });
      }
      await server.runners.batchStopRunners({ projectName: "web", force: true, ...given });
      const statuses = [];
      for (const runnerId of [spare, other]) {
        statuses.push((await server.runners.getRunner({ runnerId })).runner!.status);
      }
      return statuses;
    },
  }),
  row({
    rpc: batch,
    field: "project_name",
    unset: ["refused, unless ids are given", "INVALID_ARGUMENT runner_ids"],
    set: ["the live runners of that project", [TERMINATED]],
    value: { projectName: "web" },
    prepare: running,
    see: async ({ runners }, given) =>
      (await runners.batchStopRunners(given)).results.map(({ runner }) => runner?.status),
  }),
  row({
    rpc: batch,
    field: "force",
    unset: ["their programs may put their things away first", "in order"],
    set: ["they are killed at once", "killed"],
    value: { force: true },
    prepare,
    async see(server, given) {
      const { runnerId, isDone } = await tidy(server, 0);
      await server.runners.batchStopRunners({ runnerIds: [runnerId], ...given });
      return isDone() ? "in order" : "killed";
    },
  }),
  row({
    rpc: batch,
    field: "timeout_seconds",
    unset: ["their programs have 10 s to end by themselves", "in order"],
    set: ["they have so many seconds, and are killed then", "killed"],
    value: { timeoutSeconds: 1 },
    prepare,
    async see(server, given) {
      const { runnerId, isDone } = await tidy(server, 3);
      await server.runners.batchStopRunners({ runnerIds: [runnerId], ...given });
      return isDone() ? "in order" : "killed";
    },
  }),
];

export const ownRunnerRpcs: readonly Row[] = [...verbs, ...heartbeats, ...batches];
