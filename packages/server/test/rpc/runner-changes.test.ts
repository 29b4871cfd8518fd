import { existsSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { EventType, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { open, project, recordedTypes, runner, session } from "./fixture/stratavore.js";

const { TERMINATED, RUNNING } = RunnerStatus;

test("an update changes what is set, or what its mask names, and says so once", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened, { metadata: { a: "1" } });
  const update = async (request: object) =>
    (await opened.runners.updateRunner({ runnerId, ...request })).runner!;
  expect(await update({ model: "demo-fast", temperature: 0.5, maxTokens: 10 })).toMatchObject({
    model: "demo-fast",
    temperature: 0.5,
    maxTokens: 10,
    metadata: { a: "1" },
    warnings: [expect.stringMatching(/^temperature /), expect.stringMatching(/^max_tokens /)],
  });
  expect(await update({ metadata: { b: "2" } })).toMatchObject({ model: "demo-fast", metadata: { b: "2" } });
  const masked = await update({ model: "other", updateMask: { paths: ["metadata", "temperature"] } });
  expect(masked).toMatchObject({ model: "demo-fast", metadata: {}, temperature: 0, maxTokens: 10 });
  const updated = [EventType.RUNNER_UPDATED];
  expect(await recordedTypes(opened, updated)).toHaveLength(3);
  expect((await update({ maxTokens: 10 })).etag).toBe(masked.etag);
  expect(await recordedTypes(opened, updated)).toHaveLength(3);
});

test("an update is refused with a stale etag, an unknown path, and for what has ended", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const { etag } = (await opened.runners.getRunner({ runnerId })).runner!;
  const update = (request: object) => opened.runners.updateRunner({ runnerId, ...request });
  const once = { metadata: { a: "1" }, etag, requestId: "r" };
  const first = await update(once);
  expect(first.runner!.etag).not.toBe(etag);
  expect((await update(once)).runner).toEqual(first.runner);
  expect(await failureOf(update({ ...once, metadata: {} }))).toMatchObject({ code: Code.InvalidArgument });
  expect(await failureOf(update({ maxTokens: 5, etag }))).toMatchObject({ code: Code.Aborted });
  expect(await failureOf(update({ updateMask: { paths: ["agent"] } }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["update_mask"],
  });
  expect(await failureOf(update({ runnerId: "runner_x", model: "m" }))).toMatchObject({
    code: Code.NotFound,
  });
  await opened.runners.stopRunner({ runnerId, force: true });
  expect(await failureOf(update({ model: "m" }))).toMatchObject({ code: Code.FailedPrecondition });
  expect((await update({ metadata: { late: "yes" } })).runner!.metadata).toEqual({ late: "yes" });
});

test("a runner is deleted when it has ended, or with force; its sessions stay", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  expect(await failureOf(opened.runners.deleteRunner({ runnerId }))).toMatchObject({
    code: Code.FailedPrecondition,
    details: { runner: runnerId, status: "RUNNING" },
  });
  expect((await opened.runners.getRunner({ runnerId })).runner!.status).toBe(RUNNING);
  const waits = failureOf(opened.runners.waitRunner({ runnerId, statuses: [RunnerStatus.PAUSED] }));
  await opened.runners.deleteRunner({ runnerId, force: true, requestId: "d" });
  expect(await waits).toMatchObject({ code: Code.NotFound });
  expect(await failureOf(opened.runners.getRunner({ runnerId }))).toMatchObject({ code: Code.NotFound });
  expect(existsSync(join(opened.folder, "data", "runners", runnerId))).toBe(false);
  expect((await opened.sessions.getSession({ sessionId })).session!.id).toBe(sessionId);
  await opened.runners.deleteRunner({ runnerId, force: true, requestId: "d" });
  expect(await failureOf(opened.runners.deleteRunner({ runnerId }))).toMatchObject({ code: Code.NotFound });
  expect(await recordedTypes(opened, [EventType.RUNNER_DELETED])).toHaveLength(1);
});

test("many are stopped at once, by id or by project, and each is reported on in order", async () => {
  const opened = await open();
  await project(opened);
  await project(opened, "other");
  const ids = await Promise.all([runner(opened), runner(opened), runner(opened)]);
  const { runner: elsewhere } = await opened.runners.createRunner({
    projectName: "other",
    spec: { agent: "demo" },
  });
  const asked = [ids[1]!, "runner_x", ids[0]!];
  const some = await opened.runners.batchStopRunners({ runnerIds: asked, force: true });
  expect(some.results.map(({ runnerId, runner }) => [runnerId, runner?.status])).toEqual([
    [ids[1], TERMINATED],
    ["runner_x", undefined],
    [ids[0], TERMINATED],
  ]);
  expect(some.results.map(({ error }) => error !== "")).toEqual([false, true, false]);
  const all = { projectName: "web", timeoutSeconds: 5, requestId: "b" };
  const rest = await opened.runners.batchStopRunners(all);
  expect(rest.results.map(({ runnerId }) => runnerId)).toEqual([ids[2]]);
  expect(await opened.runners.batchStopRunners(all)).toEqual(rest);
  const { runner: untouched } = await opened.runners.getRunner({ runnerId: elsewhere!.id });
  expect(untouched!.status).toBeLessThanOrEqual(RUNNING);
  expect(await failureOf(opened.runners.batchStopRunners({}))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["runner_ids"],
  });
  expect(await failureOf(opened.runners.batchStopRunners({ projectName: "none" }))).toMatchObject({
    code: Code.NotFound,
  });
});
