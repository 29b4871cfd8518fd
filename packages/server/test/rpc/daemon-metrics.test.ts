import { statSync } from "node:fs";
import { join } from "node:path";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ProjectService, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { clientsBy, converse, open, project, reached, runner, session, ways } from "./fixture/stratavore.js";

test("global figures go on with projects that were deleted; those by project are as in their statistics", async () => {
  const opened = await open();
  const { daemon, projects, runners } = opened;
  const { sessionId, runnerId } = await session(opened);
  await converse(opened, sessionId, "!usage 30 12 1000 5");
  await project(opened, "gone");
  const gone = await runners.createRunner({ projectName: "gone", spec: { agent: "exec", args: ["true"] } });
  await runners.waitRunner({ runnerId: gone.runner!.id, statuses: [RunnerStatus.TERMINATED] });
  const before = await daemon.getMetrics({});
  expect(Object.keys(before.projects).sort()).toEqual(["gone", "web"]);
  expect(before.global).toMatchObject({
    runnersCreated: 2n,
    turns: 1n,
    tokensUsed: 47n,
    tokensUsedToday: 47n,
  });
  const of = async (name: string) =>
    (await projects.getProject({ name, includeStats: true })).project?.statistics;
  expect(before.projects.web?.statistics).toEqual(await of("web"));
  expect(before.projects.web?.statistics?.totalTokensUsed).toBe(47n);

  const one = await daemon.getMetrics({ projectName: "web" });
  expect(Object.keys(one.projects)).toEqual(["web"]);
  expect(one.projects.web?.statistics).toEqual(await of("web"));
  expect(one.global?.runnersCreated).toBe(2n);

  await runners.stopRunner({ runnerId, force: true });
  await projects.deleteProject({ name: "web", force: true });
  const after = await daemon.getMetrics({});
  expect(Object.keys(after.projects)).toEqual(["gone"]);
  expect(after.global).toMatchObject({
    runnersCreated: 2n,
    runners: { terminated: 1n },
    turns: 1n,
    tokensUsed: 47n,
    tokensUsedToday: 47n,
  });
  expect(after.global!.events).toBeGreaterThan(before.global!.events);
  expect(durationMs(after.global!.uptime!)).toBeGreaterThan(durationMs(before.global!.uptime!));
});

test("a project that is not there is NOT_FOUND", async () => {
  const { daemon } = await open();
  const failure = await failureOf(daemon.getMetrics({ projectName: "nowhere" }));
  expect(failure).toMatchObject({ code: Code.NotFound, reason: "PROJECT_NOT_FOUND" });
});

test("what the processes of a project use is measured", async () => {
  const opened = await open();
  await project(opened, "idle");
  await project(opened);
  const runnerId = await runner(opened);
  const used = async () => (await opened.daemon.getMetrics({})).projects;
  await expect.poll(async () => (await used()).web!.memoryMb, { timeout: 15_000 }).toBeGreaterThan(1n);
  expect((await used()).idle).toMatchObject({ memoryMb: 0n, cpuPercent: 0 });
  await opened.runners.stopRunner({ runnerId, force: true });
  expect((await used()).web!.memoryMb).toBe(0n);
});

test("what external runners use is what their owners say", async () => {
  const opened = await open();
  await project(opened);
  const { runner } = await opened.runners.createRunner({ projectName: "web", external: true });
  const resourceUsage = { cpuPercent: 12.5, memoryMb: 300n };
  await opened.runners.heartbeat({ runnerId: runner!.id, resourceUsage });
  const { projects } = await opened.daemon.getMetrics({ projectName: "web" });
  expect(projects.web).toMatchObject(resourceUsage);
});

test.each(ways)("%s: calls are counted, streams too, and which of them failed", async (way) => {
  const opened = await open();
  const { daemon, projects, runners, sessions } = await clientsBy(way, opened);
  const counts = async () => {
    const { calls, failedCalls } = (await daemon.getMetrics({})).global!;
    return [calls, failedCalls];
  };
  expect(await counts()).toEqual([1n, 0n]);
  await projects.listProjects({});
  expect(await counts()).toEqual([3n, 0n]);
  await failureOf(projects.getProject({ name: "nowhere" }));
  await failureOf(projects.getProject({ name: "no name at all" }));
  expect(await counts()).toEqual([6n, 2n]);
  for await (const _ of runners.streamRunnerEvents({ fromStart: true, bookmarks: true })) break;
  await failureOf(sessions.streamSession({ sessionId: "session_x" })[Symbol.asyncIterator]().next());
  expect(await counts()).toEqual([9n, 3n]);
});

test("a call without a credential is a call, and one that failed", async () => {
  const opened = await open();
  const { url: baseUrl } = await reached(opened);
  const stranger = createClient(ProjectService, createGrpcTransport({ baseUrl }));
  expect((await failureOf(stranger.listProjects({}))).code).toBe(Code.Unauthenticated);
  const { global } = await opened.daemon.getMetrics({});
  expect([global!.calls, global!.failedCalls]).toEqual([2n, 1n]);
});

test("the disk that is taken is the store's with its write-ahead log", async () => {
  const opened = await open();
  await project(opened);
  const file = join(opened.folder, "data", "stratavore.db");
  const { projects } = opened;
  for (let n = 0; statSync(`${file}-wal`).size < 2 * 1024 * 1024; n++) {
    await projects.updateProject({ name: "web", description: `${n}`.padEnd(4000, ".") });
  }
  const mib = (bytes: number) => BigInt(Math.ceil(bytes / 1024 / 1024));
  const { systemMetrics } = await opened.daemon.getStatus({ includeDetailed: true });
  expect(systemMetrics!.diskMb).toBe(mib(statSync(file).size + statSync(`${file}-wal`).size));
  expect(systemMetrics!.diskMb).toBeGreaterThan(mib(statSync(file).size));
});
