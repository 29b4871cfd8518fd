import { existsSync } from "node:fs";
import { join } from "node:path";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { EventType, ProjectDeletedSchema, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import {
  converse,
  type Opened,
  open,
  project,
  recordedTypes,
  runner,
  session,
} from "./fixture/stratavore.js";

const { PROJECT_DELETED, RUNNER_STOPPED } = EventType;

const pidOf = async ({ runners }: Opened, runnerId: string) =>
  (await runners.getRunner({ runnerId })).runner!.pid;

/** Everything that a project without live runners leaves behind, asked for by every name it had. */
async function expectGone(opened: Opened, { runnerId, sessionId }: { runnerId: string; sessionId: string }) {
  const { projects, runners, sessions } = opened;
  for (const [call, reason] of [
    [projects.getProject({ name: "web" }), "PROJECT_NOT_FOUND"],
    [runners.getRunner({ runnerId }), "RUNNER_NOT_FOUND"],
    [sessions.getSession({ sessionId }), "SESSION_NOT_FOUND"],
    [sessions.getSessionTranscript({ sessionId }), "SESSION_NOT_FOUND"],
    [sessions.sendMessage({ sessionId, text: "x" }), "SESSION_NOT_FOUND"],
    [runners.createRunner({ projectName: "web", spec: { agent: "demo" } }), "PROJECT_NOT_FOUND"],
  ] as const) {
    expect(await failureOf(call)).toMatchObject({ code: Code.NotFound, reason });
  }
  expect((await runners.listRunners({})).totalCount).toBe(0);
  expect((await sessions.listSessions({})).totalCount).toBe(0);
  await expect.poll(() => existsSync(join(opened.folder, "data", "runners", runnerId))).toBe(false);
}

test("a project without live runners is deleted with all that belongs to it", async () => {
  const opened = await open();
  const ids = await session(opened);
  const { uid } = (await opened.projects.getProject({ name: "web" })).project!;
  await converse(opened, ids.sessionId, "!usage 30 12 1000 5");
  await opened.runners.stopRunner({ runnerId: ids.runnerId, force: true });
  await opened.projects.deleteProject({ name: "web" });
  await expectGone(opened, ids);
  const deleted = opened.runners.streamRunnerEvents({ fromStart: true, eventTypes: [PROJECT_DELETED] });
  for await (const event of deleted) {
    expect(event).toMatchObject({ projectName: "web", projectUid: uid });
    expect(anyUnpack(event.payload!, ProjectDeletedSchema)).toMatchObject({ uid });
    break;
  }
  // The name is free, and the one that takes it is another project.
  await project(opened);
  const { project: next } = await opened.projects.getProject({ name: "web", includeStats: true });
  expect(next!.uid).not.toBe(uid);
  expect(next!.statistics).toMatchObject({ totalRunners: 0, totalSessions: 0n, totalTokensUsed: 0n });
});

test("live runners keep their project, and are named", async () => {
  const opened = await open();
  await project(opened);
  const ids = [await runner(opened), await runner(opened)];
  const failure = await failureOf(opened.projects.deleteProject({ name: "web" }));
  expect(failure).toMatchObject({ code: Code.FailedPrecondition, reason: "PROJECT_IN_USE" });
  expect(failure.details.runners!.split(",").sort()).toEqual([...ids].sort());
  for (const id of ids) expect(failure.message).toContain(id);
  const { runners } = await opened.runners.listRunners({});
  expect(runners.map(({ status }) => status)).toEqual([RunnerStatus.RUNNING, RunnerStatus.RUNNING]);
  expect(await recordedTypes(opened, [PROJECT_DELETED])).toEqual([]);
});

test("force stops the runners first, in whatever they are doing", async () => {
  const opened = await open();
  const ids = await session(opened);
  await opened.sessions.sendMessage({ sessionId: ids.sessionId, text: "!hang" });
  const pids = [await pidOf(opened, ids.runnerId), await pidOf(opened, await runner(opened))];
  // One that is still STARTING when the deletion comes.
  await opened.runners.createRunner({ projectName: "web", spec: { agent: "demo" } });
  const waiting = failureOf(
    opened.runners.waitRunner({ runnerId: ids.runnerId, statuses: [RunnerStatus.FAILED] }),
  );
  await opened.projects.deleteProject({ name: "web", force: true });
  await expectGone(opened, ids);
  expect(await recordedTypes(opened, [RUNNER_STOPPED, PROJECT_DELETED])).toEqual([
    ...Array(3).fill(RUNNER_STOPPED),
    PROJECT_DELETED,
  ]);
  for (const pid of pids) await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  expect((await waiting).code).toBe(Code.NotFound);
});

test("a deletion repeated under one request id is made once, and leaves the next project of that name alone", async () => {
  const opened = await open();
  await project(opened);
  const request = { name: "web", requestId: "r" };
  const answers = await Promise.all([1, 2].map(() => opened.projects.deleteProject(request)));
  expect(answers).toHaveLength(2);
  expect((await failureOf(opened.projects.deleteProject({ name: "web" }))).reason).toBe("PROJECT_NOT_FOUND");
  await project(opened);
  await opened.projects.deleteProject(request);
  expect((await opened.projects.getProject({ name: "web" })).project!.name).toBe("web");
  expect(await recordedTypes(opened, [PROJECT_DELETED])).toHaveLength(1);
  const other = await failureOf(opened.projects.deleteProject({ ...request, force: true }));
  expect(other.reason).toBe("REQUEST_ID_REUSED");
});

test("other projects keep what is theirs", async () => {
  const opened = await open();
  const ids = await session(opened);
  const path = opened.folder;
  await opened.projects.createProject({ name: "other", path });
  await opened.projects.deleteProject({ name: "other" });
  expect((await opened.projects.listProjects({})).projects.map(({ name }) => name)).toEqual(["web"]);
  await converse(opened, ids.sessionId, "!say still here");
  expect((await failureOf(opened.projects.deleteProject({ name: "other" }))).code).toBe(Code.NotFound);
});
