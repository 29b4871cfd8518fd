import { rmSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { EventType, ProjectStatus, RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { type House, openHouse, scripted } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";
import { open, project, runner, session } from "./fixture/stratavore.js";

const { STARTING, RUNNING, STOPPING, TERMINATED } = RunnerStatus;

/** A live runner whose agent ends by force only; with a session. */
async function stubborn(house: House) {
  const ids = await house.talking("plain");
  await house.send(ids.sessionId, "!ignore-sigterm\n!ignore-eof\n!ignore-cancel\n!say ready\n!hang");
  await expect.poll(() => house.answer(ids.sessionId)).toBe("ready");
  return ids;
}

test("what is in the way of a restart is said before anything is stopped", async () => {
  const house = await openHouse({
    silent: { on: { start: { block: true } } },
    forgets: { capabilities: { resume: false, loadSession: false } },
  });
  const restart = (request: object) => failureOf(house.runners.restartRunner(request));
  const refused = (reason: string) => ({ code: Code.FailedPrecondition, reason });
  expect(await restart({ runnerId: "runner_x" })).toMatchObject({ code: Code.NotFound });

  const { runner } = await house.runners.createRunner({ projectName: "p", spec: { agent: "silent" } });
  const starting = await restart({ runnerId: runner!.id });
  expect(starting).toMatchObject({ ...refused("RUNNER_STATE"), details: { status: "STARTING" } });
  expect(starting.message).toMatch(/wait until it is RUNNING/);
  await house.runners.stopRunner({ runnerId: runner!.id, force: true });

  const args = ["/bin/sh", "-c", "read line"];
  const command = await house.running("exec", { args, input: true });
  expect(await restart({ runnerId: command, preserveSession: true })).toMatchObject(refused("CANNOT_RESUME"));
  const forgets = await house.talking("forgets");
  expect(await restart({ runnerId: forgets.runnerId, preserveSession: true })).toMatchObject(
    refused("CANNOT_RESUME"),
  );
  const runnerId = await house.running("plain");
  expect(await restart({ runnerId, preserveSession: true })).toMatchObject(refused("NO_SESSION"));

  await house.projects.updateProject({ name: "p", status: ProjectStatus.ARCHIVED });
  expect(await restart({ runnerId })).toMatchObject(refused("PROJECT_ARCHIVED"));
  await house.projects.updateProject({ name: "p", status: ProjectStatus.ACTIVE });
  rmSync(house.project, { recursive: true });
  expect(await restart({ runnerId })).toMatchObject(refused("PROJECT_PATH"));
  await house.close();
  await house.open({ agents: [{ ...scripted(house, "plain"), command: ["/no/such/program"] }] });
  expect(await restart({ runnerId })).toMatchObject({ code: Code.FailedPrecondition });
  expect(await restart({ runnerId: forgets.runnerId })).toMatchObject(refused("AGENT_UNKNOWN"));
  for (const id of [command, forgets.runnerId, runnerId]) {
    expect(await house.runner(id)).toMatchObject({ status: RUNNING, incarnation: 1 });
  }
  expect(await house.events(EventType.RUNNER_RESTARTED)).toEqual([]);
});

test("a runner that restarts takes its own place among those that may run, and no other's", async () => {
  const house = await openHouse();
  await house.projects.updateProject({ name: "p", quota: { maxConcurrentRunners: 1 } });
  const request = { projectName: "p", runtimeId: "mine", spec: { agent: "plain" } };
  const first = (await house.runners.createRunner(request)).runner!.id;
  await house.status(first, RUNNING);
  await house.runners.restartRunner({ runnerId: first });
  await house.status(first, RUNNING);
  await house.runners.stopRunner({ runnerId: first });
  const second = await house.running("plain");
  const full = await failureOf(house.runners.restartRunner({ runnerId: first }));
  expect(full).toMatchObject({ code: Code.ResourceExhausted, reason: "QUOTA_EXCEEDED" });
  await house.projects.updateProject({ name: "p", quota: { maxConcurrentRunners: 2 } });
  await house.runners.stopRunner({ runnerId: second });
  const third = (await house.runners.createRunner(request)).runner!.id;
  const taken = await failureOf(house.runners.restartRunner({ runnerId: first }));
  expect(taken).toMatchObject({ code: Code.AlreadyExists, details: { runner: third } });
  expect(await house.runner(first)).toMatchObject({ status: TERMINATED, incarnation: 2 });
});

test("of restarts that come together one is done, and a repeat of it gets its answer", async () => {
  const house = await openHouse();
  const { runnerId } = await stubborn(house);
  const request = { runnerId, timeoutSeconds: 1, requestId: "once" };
  const first = house.runners.restartRunner(request);
  await house.status(runnerId, STOPPING);
  const repeated = house.runners.restartRunner(request);
  expect(await failureOf(house.runners.restartRunner({ runnerId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "RUNNER_RESTARTING",
  });
  expect(await repeated).toEqual(await first);
  await house.status(runnerId, RUNNING);
  expect(await house.runners.restartRunner(request)).toEqual(await first);
  const other = await failureOf(house.runners.restartRunner({ ...request, timeoutSeconds: 2 }));
  expect(other).toMatchObject({ code: Code.InvalidArgument });
  await house.close();
  await house.open();
  const again = await house.runners.restartRunner(request);
  expect(again.runner).toMatchObject({ status: STARTING, incarnation: 2 });
  expect(await house.runner(runnerId)).toMatchObject({ status: RUNNING, incarnation: 2 });
  expect(await house.events(EventType.RUNNER_RESTARTED)).toHaveLength(1);
});

test("of eight restarts at once one is done", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain");
  const calls = Array.from({ length: 8 }, () => house.runners.restartRunner({ runnerId }));
  const results = await Promise.allSettled(calls);
  const done = results.filter(({ status }) => status === "fulfilled").length;
  expect(done).toBe(1);
  expect(await house.status(runnerId, RUNNING)).toMatchObject({ incarnation: 2 });
});

test("a stop that comes while a runner restarts is the later word", async () => {
  const house = await openHouse();
  for (const stop of [
    (runnerId: string) => house.runners.stopRunner({ runnerId, force: true }),
    (runnerId: string) => house.runners.batchStopRunners({ runnerIds: [runnerId], force: true }),
  ]) {
    const { runnerId, sessionId } = await stubborn(house);
    const restart = failureOf(house.runners.restartRunner({ runnerId, timeoutSeconds: 600 }));
    await house.status(runnerId, STOPPING);
    await stop(runnerId);
    expect(await restart).toMatchObject({ code: Code.FailedPrecondition, reason: "RESTART_OVERTAKEN" });
    expect(await house.runner(runnerId)).toMatchObject({ status: TERMINATED, incarnation: 1 });
    expect((await house.session(sessionId)).status).toBe(SessionStatus.RESUMABLE);
  }
  expect(await house.carriers()).toEqual([]);
});

test("a restart of what is being stopped is refused; of what is deleted meanwhile, too", async () => {
  const house = await openHouse();
  const { runnerId } = await stubborn(house);
  const stop = house.runners.stopRunner({ runnerId, timeoutSeconds: 600 });
  await house.status(runnerId, STOPPING);
  const refused = await failureOf(house.runners.restartRunner({ runnerId }));
  expect(refused).toMatchObject({ reason: "RUNNER_STATE", details: { status: "STOPPING" } });
  expect(refused.message).toMatch(/wait until it is TERMINATED/);
  await house.runners.stopRunner({ runnerId, force: true });
  await stop;

  const other = await stubborn(house);
  const restart = failureOf(house.runners.restartRunner({ runnerId: other.runnerId, timeoutSeconds: 1 }));
  await house.status(other.runnerId, STOPPING);
  await house.runners.deleteRunner({ runnerId: other.runnerId, force: true });
  expect([Code.FailedPrecondition, Code.NotFound]).toContain((await restart).code);
  expect(await failureOf(house.runners.getRunner({ runnerId: other.runnerId }))).toMatchObject({
    code: Code.NotFound,
  });
  expect(await house.carriers()).toEqual([]);
});

test("a restart goes on when its caller has given up", async () => {
  const house = await openHouse();
  const { runnerId } = await stubborn(house);
  const left = await failureOf(
    house.runners.restartRunner({ runnerId, timeoutSeconds: 1 }, { timeoutMs: 200 }),
  );
  expect(left.code).toBe(Code.DeadlineExceeded);
  expect(await house.status(runnerId, RUNNING)).toMatchObject({ incarnation: 2 });
});

test("who waits for the end of a runner sees it, though it starts again at once", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain");
  const end = house.runners.waitRunner({ runnerId });
  await house.runners.restartRunner({ runnerId });
  expect((await end).runner).toMatchObject({ status: TERMINATED, incarnation: 1 });
});

test("a restart that a closing server cannot finish is done when it is called again", async () => {
  const house = await openHouse();
  const { runnerId } = await stubborn(house);
  const request = { runnerId, timeoutSeconds: 600, requestId: "again" };
  const left = failureOf(house.runners.restartRunner(request));
  await house.status(runnerId, STOPPING);
  await house.close();
  expect(await left).toMatchObject({ code: Code.Unavailable, reason: "SHUTTING_DOWN" });
  await house.open();
  expect(await house.status(runnerId, TERMINATED)).toMatchObject({ incarnation: 1 });
  await house.runners.restartRunner(request);
  expect(await house.status(runnerId, RUNNING)).toMatchObject({ incarnation: 2 });
  expect(house.errors).toEqual([]);
});

test("a limit that is lower by now takes no live runner's place when it restarts", async () => {
  const opened = await open();
  await project(opened);
  const [first] = [await runner(opened), await runner(opened), await runner(opened)];
  await opened.projects.updateProject({ name: "web", quota: { maxConcurrentRunners: 1 } });
  await opened.runners.restartRunner({ runnerId: first });
  await opened.runners.waitRunner({ runnerId: first, statuses: [RunnerStatus.RUNNING] });
  // One that has ended has left its place.
  await opened.runners.stopRunner({ runnerId: first });
  expect(await failureOf(opened.runners.restartRunner({ runnerId: first }))).toMatchObject({
    code: Code.ResourceExhausted,
    reason: "QUOTA_EXCEEDED",
  });
});

test("a message to a session that is not active says what to do", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  const refused = async () =>
    (await failureOf(opened.sessions.sendMessage({ sessionId, text: "more" }))).message;
  await opened.runners.restartRunner({ runnerId, preserveSession: true });
  expect(await refused()).toMatch(/STARTING; (wait until that|this needs one that) is RUNNING/);
  await opened.runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
  await expect
    .poll(async () => (await opened.sessions.getSession({ sessionId })).session!.status)
    .toBe(SessionStatus.IDLE);
  const other = await opened.sessions.createSession({ runnerId });
  expect(await refused()).toMatch(/RESUMABLE.*; resume it/);
  expect(other.session!.id).not.toBe(sessionId);
  await opened.sessions.endSession({ sessionId });
  expect(await refused()).toMatch(/ENDED.*; open a new one/);
});
