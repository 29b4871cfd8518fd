import { RunnerStatus } from "@stratavore/proto";
import { type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../../row.js";
import { conversation, demo, sleeper } from "../agents.js";
import { program } from "../limits.js";

type See = (server: Opened, given: object) => Promise<unknown>;

const prepare = (server: Opened) => project(server);

const repeated = (rpc: string, unset: unknown, set: unknown, see: See): Row =>
  row({
    rpc,
    field: "request_id",
    unset: ["each call counts", unset],
    set: ["a call that is repeated counts once, and has the first answer", set],
    value: { requestId: "once" },
    prepare,
    see,
  });

const { RUNNING, PAUSED, TERMINATED } = RunnerStatus;

/** How many there are of what two calls made. */
async function made(make: () => Promise<string | undefined>): Promise<number> {
  return new Set([await make(), await make()]).size;
}

async function running(server: Opened): Promise<string> {
  const runnerId = await program(server, "web", sleeper);
  await server.runners.waitRunner({ runnerId, statuses: [RUNNING] });
  return runnerId;
}

const statusOf = async ({ runners }: Opened, runnerId: string) =>
  (await runners.getRunner({ runnerId })).runner!.status;

async function restarted({ runners }: Opened, runnerId: string): Promise<void> {
  await runners.restartRunner({ runnerId });
  await runners.waitRunner({ runnerId, statuses: [RUNNING] });
}

export const runnerRequestIds: readonly Row[] = [
  repeated("CreateRunner", 2, 1, ({ runners }, given) =>
    made(
      async () => (await runners.createRunner({ projectName: "web", spec: sleeper, ...given })).runner?.id,
    ),
  ),
  repeated("UpdateRunner", "first", "second", async (server, given) => {
    const runnerId = await running(server);
    const first = () => server.runners.updateRunner({ runnerId, metadata: { is: "first" }, ...given });
    await first();
    await server.runners.updateRunner({ runnerId, metadata: { is: "second" } });
    await first();
    return (await server.runners.getRunner({ runnerId })).runner!.metadata.is;
  }),
  repeated(
    "DeleteRunner",
    ["done", "NOT_FOUND RUNNER_NOT_FOUND"],
    ["done", "done"],
    async (server, given) => {
      const request = { runnerId: await running(server), force: true, ...given };
      const remove = () => outcomeOf(server.runners.deleteRunner(request), () => "done");
      return [await remove(), await remove()];
    },
  ),
  repeated("StopRunner", TERMINATED, RUNNING, async (server, given) => {
    const runnerId = await running(server);
    await server.runners.stopRunner({ runnerId, ...given });
    await restarted(server, runnerId);
    await server.runners.stopRunner({ runnerId, ...given });
    return await statusOf(server, runnerId);
  }),
  repeated("RestartRunner", 3, 2, async ({ runners, ...server }, given) => {
    const runnerId = await running({ runners, ...server });
    for (const _ of [1, 2]) {
      await runners.restartRunner({ runnerId, ...given });
      await runners.waitRunner({ runnerId, statuses: [RUNNING] });
    }
    return (await runners.getRunner({ runnerId })).runner!.incarnation;
  }),
  repeated("PauseRunner", PAUSED, RUNNING, async (server, given) => {
    const runnerId = await running(server);
    await server.runners.pauseRunner({ runnerId, ...given });
    await server.runners.resumeRunner({ runnerId });
    await server.runners.pauseRunner({ runnerId, ...given });
    return await statusOf(server, runnerId);
  }),
  repeated("ResumeRunner", RUNNING, PAUSED, async (server, given) => {
    const runnerId = await running(server);
    await server.runners.pauseRunner({ runnerId });
    await server.runners.resumeRunner({ runnerId, ...given });
    await server.runners.pauseRunner({ runnerId });
    await server.runners.resumeRunner({ runnerId, ...given });
    return await statusOf(server, runnerId);
  }),
  repeated("BatchStopRunners", TERMINATED, RUNNING, async (server, given) => {
    const runnerId = await running(server);
    await server.runners.batchStopRunners({ runnerIds: [runnerId], ...given });
    await restarted(server, runnerId);
    await server.runners.batchStopRunners({ runnerIds: [runnerId], ...given });
    return await statusOf(server, runnerId);
  }),
];

export const projectRequestIds: readonly Row[] = [
  repeated(
    "CreateProject",
    ["made", "ALREADY_EXISTS PROJECT_EXISTS"],
    ["made", "made"],
    async ({ projects, folder }, given) => {
      const name = `new-${Object.keys(given).length}`;
      const make = () => outcomeOf(projects.createProject({ name, path: folder, ...given }), () => "made");
      return [await make(), await make()];
    },
  ),
  repeated("UpdateProject", "first", "second", async ({ projects }, given) => {
    const update = (description: string, more: object = {}) =>
      projects.updateProject({ name: "web", description, ...more });
    await update("first", given);
    await update("second");
    await update("first", given);
    return (await projects.getProject({ name: "web" })).project?.description;
  }),
  repeated("DeleteProject", 0, 1, async (server, given) => {
    const { projects, folder } = server;
    const { totalCount } = await projects.listProjects({});
    if (totalCount === 0) await project(server);
    await projects.deleteProject({ name: "web", ...given });
    await projects.createProject({ name: "web", path: folder });
    await projects.deleteProject({ name: "web", ...given });
    return (await projects.listProjects({})).totalCount;
  }),
];

export const sessionRequestIds: readonly Row[] = [
  repeated("CreateSession", 2, 1, async (server, given) => {
    const runnerId = await demo(server, "web");
    return await made(async () => (await server.sessions.createSession({ runnerId, ...given })).session?.id);
  }),
  repeated("SendMessage", 2, 1, async (server, given) => {
    const sessionId = await conversation(server, "web");
    const request = { sessionId, text: "!say hello", ...given };
    return await made(async () => (await server.sessions.sendMessage(request)).turn?.id);
  }),
  repeated("CancelTurn", ["one", "two"], ["one", "one"], async ({ sessions, ...server }, given) => {
    const sessionId = await conversation({ sessions, ...server }, "web");
    const turns = new Map<string, string>();
    const cancelled = [];
    for (const name of ["one", "two"]) {
      const { turn } = await sessions.sendMessage({ sessionId, text: "!hang" });
      turns.set(turn!.id, name);
      const answer = await sessions.cancelTurn({ sessionId, ...given });
      cancelled.push(turns.get(answer.turn!.id));
      if (cancelled.at(-1) !== name) continue;
      for await (const _ of sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
    }
    return cancelled;
  }),
  row({
    rpc: "EndSession",
    field: "request_id",
    unset: ["each call counts", ["done", "done"]],
    set: ["a call with the same id and another body is refused", ["done", "INVALID_ARGUMENT request_id"]],
    value: { requestId: "once" },
    prepare,
    async see(server, given) {
      const ids = [await conversation(server, "web"), await conversation(server, "web")];
      const end = (sessionId: string) =>
        outcomeOf(server.sessions.endSession({ sessionId, ...given }), () => "done");
      return [await end(ids[0]!), await end(ids[1]!)];
    },
  }),
  repeated("AppendTranscript", 2n, 1n, async ({ runners, sessions }, given) => {
    const { runner } = await runners.createRunner({ projectName: "web", external: true });
    const { session } = await sessions.createSession({ runnerId: runner!.id });
    const sessionId = session!.id;
    const request = { sessionId, messages: [{ role: "user", content: "hi" }], ...given };
    await sessions.appendTranscript(request);
    await sessions.appendTranscript(request);
    return (await sessions.getSession({ sessionId })).session?.messageCount;
  }),
];
