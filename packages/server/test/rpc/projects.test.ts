import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { ProjectStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, open, runner, session, temporaryFolder } from "./fixture/stratavore.js";

test("what is set is kept, and what is left unset is not made up", async () => {
  const { projects, folder } = await open();
  const request = {
    name: "web",
    description: "Our page",
    path: folder,
    quota: { maxConcurrentRunners: 2, maxTokensPerDay: 1000n },
    config: { agent: "demo", model: "demo-fast", maxTokens: 5 },
    metadata: { team: "docs" },
  };
  const { project: made } = await projects.createProject(request);
  expect(made).toMatchObject({ ...request, status: ProjectStatus.IDLE, etag: "1" });
  expect(made!.uid).toMatch(/^project_/);
  expect((await projects.getProject({ name: "web" })).project).toEqual(made);
  const { project: bare } = await projects.createProject({ name: "bare", path: folder });
  expect(bare).toMatchObject({ description: "", metadata: {} });
  expect([bare!.quota, bare!.config, bare!.statistics]).toEqual([undefined, undefined, undefined]);
  expect(bare!.uid).not.toBe(made!.uid);
});

test("include_stats adds the statistics", async () => {
  const opened = await open();
  const { sessionId, runnerId } = await session(opened);
  await converse(opened, sessionId, "!usage 30 12 1000 5");
  const { project } = await opened.projects.getProject({ name: "web", includeStats: true });
  expect(project).toMatchObject({
    status: ProjectStatus.ACTIVE,
    statistics: {
      activeRunners: 1,
      totalRunners: 1,
      totalSessions: 1n,
      totalTokensUsed: 47n,
      tokensUsedToday: 47n,
    },
  });
  await opened.runners.stopRunner({ runnerId, force: true });
  const { projects } = await opened.projects.listProjects({ includeStats: true });
  expect(projects[0]).toMatchObject({
    status: ProjectStatus.IDLE,
    statistics: { activeRunners: 0, totalRunners: 1, totalTokensUsed: 47n },
  });
  expect((await opened.projects.listProjects({})).projects[0]!.statistics).toBeUndefined();
});

test("a list is narrowed to a status, with its own total and pages", async () => {
  const opened = await open();
  for (const name of ["a", "b", "c", "web"])
    await opened.projects.createProject({ name, path: opened.folder });
  await runner(opened);
  const namesIn = async (status: ProjectStatus) => {
    const { projects, totalCount } = await opened.projects.listProjects({ status });
    expect(totalCount).toBe(projects.length);
    return projects.map(({ name }) => name);
  };
  expect(await namesIn(ProjectStatus.ACTIVE)).toEqual(["web"]);
  expect(await namesIn(ProjectStatus.IDLE)).toEqual(["a", "b", "c"]);
  expect(await namesIn(ProjectStatus.ARCHIVED)).toEqual([]);
  expect(await namesIn(ProjectStatus.UNSPECIFIED)).toEqual(["a", "b", "c", "web"]);
  const first = await opened.projects.listProjects({ status: ProjectStatus.IDLE, limit: 2 });
  expect(first).toMatchObject({ totalCount: 3, hasMore: true });
  const { nextPageToken: pageToken } = first;
  const rest = await opened.projects.listProjects({ status: ProjectStatus.IDLE, limit: 2, pageToken });
  expect(rest.projects.map(({ name }) => name)).toEqual(["c"]);
});

test("a path must be a directory, and lie inside the allowed roots", async () => {
  const folder = temporaryFolder();
  const allowed = join(folder, "work");
  for (const name of ["work", "work/web", "work-evil", "outside"]) mkdirSync(join(folder, name));
  writeFileSync(join(allowed, "file"), "");
  symlinkSync(join(folder, "outside"), join(allowed, "link"));
  const { projects } = await open({ folder, allowedRoots: [allowed] });
  const at = (path: string) => failureOf(projects.createProject({ name: "web", path: join(folder, path) }));
  expect(await at("work/missing")).toMatchObject({ code: Code.FailedPrecondition, reason: "PROJECT_PATH" });
  expect((await at("work/file")).code).toBe(Code.FailedPrecondition);
  for (const path of ["outside", "work-evil", "work/link"]) {
    expect((await at(path)).code).toBe(Code.PermissionDenied);
  }
  for (const [name, path] of [
    ["web", "work/web"],
    ["root", "work"],
  ] as const) {
    await projects.createProject({ name, path: join(folder, path) });
  }
  expect(await at("work/web")).toMatchObject({ code: Code.AlreadyExists, reason: "PROJECT_EXISTS" });
  expect((await failureOf(projects.getProject({ name: "nothing" }))).reason).toBe("PROJECT_NOT_FOUND");
});
