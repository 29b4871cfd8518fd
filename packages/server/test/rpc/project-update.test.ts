import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  EventType,
  type Project,
  ProjectStatus,
  ProjectUpdatedSchema,
  type RunnerEvent,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, type Opened, open, project, runner, session } from "./fixture/stratavore.js";

const full = {
  description: "Our page",
  quota: { maxConcurrentRunners: 2, maxTokensPerDay: 1000n },
  config: { agent: "demo", model: "demo-fast" },
  metadata: { team: "docs" },
};

async function withProject(): Promise<Opened & { before: Project }> {
  const opened = await open();
  const { project } = await opened.projects.createProject({ name: "web", path: opened.folder, ...full });
  return { ...opened, before: project! };
}

/** The updates on record. */
async function updates({ runners }: Opened): Promise<RunnerEvent[]> {
  const found: RunnerEvent[] = [];
  const eventTypes = [EventType.PROJECT_UPDATED];
  for await (const event of runners.streamRunnerEvents({ fromStart: true, eventTypes, bookmarks: true })) {
    if (event.eventType === EventType.BOOKMARK) break;
    found.push(event);
  }
  return found;
}

test("without a mask, what is not at its default changes and the rest stays", async () => {
  const opened = await withProject();
  const { before } = opened;
  const { project, warnings } = await opened.projects.updateProject({ name: "web", description: "new" });
  expect(warnings).toEqual([]);
  expect(project).toMatchObject({ ...full, description: "new", path: before.path, uid: before.uid });
  expect(project!.etag).not.toBe(before.etag);
  expect((await opened.projects.getProject({ name: "web" })).project).toEqual(project);
  const { project: all } = await opened.projects.updateProject({
    name: "web",
    quota: { maxMemoryMb: 5n },
    config: { model: "other" },
    metadata: { a: "b" },
  });
  expect(all).toMatchObject({ description: "new", metadata: { a: "b" } });
  expect(all!.metadata).toEqual({ a: "b" });
  // Replaced as a whole: what the new one does not say is not kept of the old one.
  expect(all!.quota).toMatchObject({ maxMemoryMb: 5n, maxConcurrentRunners: 0, maxTokensPerDay: 0n });
  expect(all!.config).toMatchObject({ model: "other", agent: "" });
});

test("the mask names what changes, also to its default", async () => {
  const { projects, before } = await withProject();
  const update = (paths: string[], more = {}) =>
    projects.updateProject({ name: "web", updateMask: { paths }, ...more });
  const { project } = await update(["description", "metadata", "quota", "config"], { path: "/ignored" });
  expect(project).toMatchObject({ description: "", metadata: {}, path: before.path });
  expect(project!.metadata).toEqual({});
  expect([project!.quota, project!.config]).toEqual([undefined, undefined]);
  const { project: one } = await update(["description"], { description: "x", metadata: { not: "this" } });
  expect(one).toMatchObject({ description: "x" });
  expect(one!.metadata).toEqual({});
  for (const [paths, field] of [
    [["description", "name"], "update_mask"],
    [["quota.max_memory_mb"], "update_mask"],
    [["__proto__"], "update_mask"],
    [["path"], "path"],
    [["status"], "status"],
  ] as const) {
    const failure = await failureOf(update([...paths], { description: "never" }));
    expect([failure.code, failure.fields], paths.join()).toEqual([Code.InvalidArgument, [field]]);
    if (field === "update_mask") expect(failure.message).toContain(`"${paths.at(-1)}"`);
  }
  expect((await projects.getProject({ name: "web" })).project).toEqual(one);
});

test("an etag holds the update to what it is based on", async () => {
  const opened = await withProject();
  const { projects, before } = opened;
  const { project: now } = await projects.updateProject({
    name: "web",
    description: "first",
    etag: before.etag,
  });
  const stale = await failureOf(
    projects.updateProject({ name: "web", description: "second", etag: before.etag }),
  );
  expect(stale).toMatchObject({
    code: Code.Aborted,
    reason: "ETAG_STALE",
    details: { project: "web", etag: now!.etag },
  });
  expect((await projects.getProject({ name: "web" })).project).toEqual(now);
  await projects.updateProject({ name: "web", description: "third" });
  // Of two at once with one etag, one wins.
  const { etag } = (await projects.getProject({ name: "web" })).project!;
  const results = await Promise.allSettled(
    ["a", "b"].map((description) => projects.updateProject({ name: "web", description, etag })),
  );
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("an update is one event with what changed; what changes nothing is none", async () => {
  const opened = await withProject();
  const { projects, before } = opened;
  const same = await projects.updateProject({ name: "web", ...full, status: ProjectStatus.ACTIVE });
  expect(same.project).toEqual(before);
  expect((await projects.updateProject({ name: "web" })).project).toEqual(before);
  const { project } = await projects.updateProject({ name: "web", ...full, description: "new", etag: "1" });
  const [event, ...more] = await updates(opened);
  expect(more).toEqual([]);
  expect(event).toMatchObject({ projectName: "web", projectUid: before.uid, runnerId: "" });
  const payload = anyUnpack(event!.payload!, ProjectUpdatedSchema)!;
  expect(payload.fields).toEqual(["description"]);
  expect(payload.project).toEqual(project);
});

test("an update repeated under one request id is made once", async () => {
  const opened = await withProject();
  const request = { name: "web", description: "new", etag: "1", requestId: "r" };
  const answers = await Promise.all([1, 2].map(() => opened.projects.updateProject(request)));
  answers.push(await opened.projects.updateProject(request));
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(await updates(opened)).toHaveLength(1);
  const other = opened.projects.updateProject({ ...request, description: "other" });
  expect((await failureOf(other)).reason).toBe("REQUEST_ID_REUSED");
});

test("an archived project takes no new runners until it is taken back", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const archived = await opened.projects.updateProject({ name: "web", status: ProjectStatus.ARCHIVED });
  expect(archived.project!.status).toBe(ProjectStatus.ARCHIVED);
  expect(archived.warnings).toEqual([expect.stringMatching(/live \(1\) go on although .* archived/)]);
  const listed = async (status: ProjectStatus) => (await opened.projects.listProjects({ status })).totalCount;
  expect([await listed(ProjectStatus.ARCHIVED), await listed(ProjectStatus.ACTIVE)]).toEqual([1, 0]);
  const refused = await failureOf(
    opened.runners.createRunner({ projectName: "web", spec: { agent: "demo" } }),
  );
  expect(refused).toMatchObject({ code: Code.FailedPrecondition, reason: "PROJECT_ARCHIVED" });
  // What lives in it goes on.
  const { session } = await opened.sessions.createSession({ runnerId });
  await converse(opened, session!.id, "!say still here");
  const back = await opened.projects.updateProject({ name: "web", status: ProjectStatus.IDLE });
  expect(back.project!.status).toBe(ProjectStatus.ACTIVE);
  await runner(opened);
});

test("a new path is checked, and is for runners that start from then on, also after a restart", async () => {
  const opened = await open();
  const { folder, projects } = opened;
  await project(opened);
  const first = await runner(opened);
  const moved = join(folder, "moved");
  for (const [path, code] of [
    ["relative", Code.InvalidArgument],
    [`${folder}/../x`, Code.InvalidArgument],
    [join(folder, "missing"), Code.FailedPrecondition],
  ] as const) {
    expect((await failureOf(projects.updateProject({ name: "web", path }))).code).toBe(code);
  }
  mkdirSync(moved);
  symlinkSync(moved, join(folder, "link"));
  const { project: now, warnings } = await projects.updateProject({
    name: "web",
    path: join(folder, "link"),
  });
  expect(now!.path).toBe(moved);
  expect(warnings).toEqual([expect.stringMatching(/live \(1\) stay where they were started/)]);
  const second = await runner(opened);
  expect(await placeOf(opened, first)).toBe(join(folder, "project-web"));
  expect(await placeOf(opened, second)).toBe(moved);
  await opened.server.close();
  const later = await open({ folder });
  expect(await placeOf(later, first)).toBe(join(folder, "project-web"));
  expect(await placeOf(later, second)).toBe(moved);
});

/** Where a new session of a runner works, by what its agent says. */
async function placeOf(opened: Opened, runnerId: string): Promise<string> {
  const { session } = await opened.sessions.createSession({ runnerId });
  const sessionId = session!.id;
  await converse(opened, sessionId, "!session");
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  return (JSON.parse(messages.at(-1)!.content) as { cwd: string }).cwd;
}

test("a path outside the allowed roots is refused", async () => {
  const opened = await open();
  await opened.server.close();
  const allowed = join(opened.folder, "work");
  mkdirSync(allowed);
  const { projects } = await open({ folder: opened.folder, allowedRoots: [allowed] });
  await projects.createProject({ name: "web", path: allowed });
  const failure = await failureOf(projects.updateProject({ name: "web", path: opened.folder }));
  expect(failure).toMatchObject({ code: Code.PermissionDenied, reason: "PROJECT_PATH" });
});

test("new limits hold from then on, and what is over them already is said", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  await runner(opened);
  await converse(opened, sessionId, "!usage 30 12 1000 5");
  const quota = { maxConcurrentRunners: 1, maxTokensPerDay: 40n };
  const { warnings } = await opened.projects.updateProject({ name: "web", quota });
  expect(warnings).toEqual([
    expect.stringMatching(/live \(2\) are more than max_concurrent_runners 1/),
    expect.stringMatching(/max_tokens_per_day 40 of project "web" used up: 47 tokens/),
  ]);
  const create = () => opened.runners.createRunner({ projectName: "web", spec: { agent: "demo" } });
  expect((await failureOf(create())).code).toBe(Code.ResourceExhausted);
  const paths = ["quota"];
  expect((await opened.projects.updateProject({ name: "web", updateMask: { paths } })).warnings).toEqual([]);
  await runner(opened);
});

test("defaults that this release does not apply are recorded and said", async () => {
  const { projects } = await withProject();
  const config = {
    agent: "no-such-agent",
    restartPolicy: { mode: 2 },
  };
  const { project, warnings } = await projects.updateProject({ name: "web", config });
  expect(project!.config).toMatchObject(config);
  expect(warnings.map((text) => /^config\.(\S+?):? /.exec(text)![1])).toEqual(["restart_policy", "agent"]);
  const created = await projects.createProject({ name: "next", path: project!.path, config });
  expect(created.warnings).toEqual(warnings);
  const environment = { LD_PRELOAD: { source: { case: "plain" as const, value: "x" } } };
  const refused = await failureOf(projects.updateProject({ name: "web", config: { environment } }));
  expect(refused.code).toBe(Code.InvalidArgument);
  const unknown = await failureOf(projects.updateProject({ name: "nothing", description: "x" }));
  expect(unknown).toMatchObject({ code: Code.NotFound, reason: "PROJECT_NOT_FOUND" });
});
