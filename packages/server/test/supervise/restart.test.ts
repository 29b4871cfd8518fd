import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { EventType, RunnerRestartedSchema, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { isAlive, openHouse, scripted } from "./house.js";

const { STARTING, RUNNING, TERMINATED, FAILED } = RunnerStatus;
const { RESUMABLE, IDLE } = SessionStatus;

test("a running runner is stopped and starts again, as itself", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.say(sessionId, "!say one");
  const before = await house.runner(runnerId);
  const { runner } = await house.runners.restartRunner({ runnerId });
  expect(runner).toMatchObject({ id: runnerId, status: STARTING, incarnation: 2, sessionId: "", reason: "" });
  expect(runner!.startedAt).toBeUndefined();
  const now = await house.status(runnerId, RUNNING);
  expect(now).toMatchObject({ incarnation: 2, reason: "", sessionId: "", spec: before.spec });
  expect(now.exitCode).toBeUndefined();
  expect(now.endedAt).toBeUndefined();
  expect(now.startedAt!.seconds).toBeGreaterThanOrEqual(before.startedAt!.seconds);
  expect(now.pid).not.toBe(before.pid);
  expect(isAlive(before.pid)).toBe(false);
  expect((await house.session(sessionId)).status).toBe(RESUMABLE);
  const { metrics } = await house.runners.getRunner({ runnerId, includeMetrics: true });
  expect(metrics!.restarts).toBe(1);
  const events = await house.events(
    EventType.RUNNER_STARTED,
    EventType.RUNNER_STOPPED,
    EventType.RUNNER_RESTARTED,
  );
  expect(events.map(({ eventType }) => EventType[eventType])).toEqual([
    "RUNNER_STARTED",
    "RUNNER_STOPPED",
    "RUNNER_RESTARTED",
    "RUNNER_STARTED",
  ]);
  expect(fromBinary(RunnerRestartedSchema, events[2]!.payload!.value).incarnation).toBe(2);
  expect(house.errors).toEqual([]);
});

test("what is paused, frozen or has ended, well or not, starts again", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.send(sessionId, "!say ready\n!hang");
  const waiting = await house.send(sessionId, "!say never");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  await house.runners.pauseRunner({ runnerId, freeze: true });
  await house.runners.restartRunner({ runnerId, timeoutSeconds: 2 });
  expect(await house.status(runnerId, RUNNING)).toMatchObject({ incarnation: 2 });
  expect((await house.session(sessionId)).latestTurn).toMatchObject({
    id: waiting.id,
    state: TurnState.CANCELLED,
  });

  await house.runners.stopRunner({ runnerId });
  await house.runners.restartRunner({ runnerId });
  expect(await house.status(runnerId, RUNNING)).toMatchObject({ incarnation: 3 });

  const { session } = await house.sessions.createSession({ runnerId });
  await house.send(session!.id, "!crash 3");
  expect(await house.status(runnerId, FAILED)).toMatchObject({ exitCode: 3 });
  await house.runners.restartRunner({ runnerId });
  const now = await house.status(runnerId, RUNNING);
  expect(now).toMatchObject({ incarnation: 4, reason: "" });
  expect(now.exitCode).toBeUndefined();
  expect((await house.carriers()).length).toBeGreaterThan(0);
  await house.runners.stopRunner({ runnerId });
  expect(await house.carriers()).toEqual([]);
  await expect.poll(() => existsSync(join(house.dataDir, "runners", runnerId))).toBe(false);
  expect(house.errors).toEqual([]);
});

test("a session that is preserved goes on in the new process, also after a crash", async () => {
  const house = await openHouse({ loads: { capabilities: { resume: false } } });
  for (const agent of ["plain", "loads"]) {
    const { runnerId, sessionId } = await house.talking(agent);
    await house.sessions.createSession({ runnerId });
    await house.sessions.resumeSession({ sessionId, runnerId });
    await house.say(sessionId, "!say one");
    await house.runners.restartRunner({ runnerId, preserveSession: true });
    await expect.poll(async () => (await house.runner(runnerId)).sessionId).toBe(sessionId);
    expect(await house.session(sessionId)).toMatchObject({ status: IDLE, runnerId });
    expect(await house.say(sessionId, "!say two")).toMatchObject({ state: TurnState.COMPLETED });

    await house.send(sessionId, "!crash 9");
    await house.status(runnerId, FAILED);
    await house.runners.restartRunner({ runnerId, preserveSession: true });
    await expect.poll(async () => (await house.runner(runnerId)).sessionId).toBe(sessionId);
    await house.say(sessionId, "!say three");
    expect(await house.answer(sessionId)).toBe("onetwothree");
    await house.runners.stopRunner({ runnerId });
  }
});

test("a first message is said once, and a session that a runner was made for is continued once", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain", { prompt: "!say once" });
  await expect.poll(async () => (await house.runner(runnerId)).sessionId).not.toBe("");
  const { sessionId } = await house.runner(runnerId);
  await expect.poll(() => house.answer(sessionId)).toBe("once");
  for (const preserveSession of [false, true]) {
    await house.runners.restartRunner({ runnerId, preserveSession });
    await house.status(runnerId, RUNNING);
  }
  await expect.poll(async () => (await house.runner(runnerId)).sessionId).toBe(sessionId);
  const { sessions } = await house.sessions.listSessions({ runnerId });
  expect(sessions).toHaveLength(1);
  expect(sessions[0]!.messageCount).toBe(2n);

  await house.runners.stopRunner({ runnerId });
  const made = (await house.sessions.resumeSession({ sessionId })).runner!.id;
  await house.runners.restartRunner({ runnerId: made });
  await house.status(made, RUNNING);
  // It would take the session up before it answers for another one.
  await house.sessions.createSession({ runnerId: made });
  expect(await house.session(sessionId)).toMatchObject({ status: RESUMABLE, runnerId: made });
});

test("a command runs again, in a session of its own, and its first message is not said again", async () => {
  const house = await openHouse();
  const log = join(house.project, "log");
  const args = ["/bin/sh", "-c", `read line; echo "got $line"; echo "$line" >> ${log}`];
  const { runner } = await house.runners.createRunner({
    projectName: "p",
    spec: { agent: "exec", args, input: true, prompt: "hello" },
  });
  const runnerId = runner!.id;
  await house.status(runnerId, TERMINATED);
  await house.runners.restartRunner({ runnerId });
  const { sessionId } = await house.status(runnerId, RUNNING);
  await house.send(sessionId, "again");
  expect(await house.status(runnerId, TERMINATED)).toMatchObject({ incarnation: 2, exitCode: 0 });
  expect(readFileSync(log, "utf8")).toBe("hello\nagain\n");
  const { sessions } = await house.sessions.listSessions({ runnerId });
  expect(sessions).toHaveLength(2);
  expect(await house.answer(sessionId)).toBe("got again\n");
});

test("a session outlives starts that fail: of an agent that refuses it, and of one that says nothing", async () => {
  const house = await openHouse({
    refusing: { on: { "session/resume": { error: { code: -32603, message: "my memory fails" } } } },
  });
  const { runnerId, sessionId } = await house.talking("refusing");
  await house.say(sessionId, "!say one");
  await house.runners.restartRunner({ runnerId, preserveSession: true });
  const failed = await house.status(runnerId, FAILED);
  expect(failed.reason).toMatch(/my memory fails/);
  expect(await house.session(sessionId)).toMatchObject({ status: RESUMABLE });

  const flag = join(house.root, "broken");
  const whole = scripted(house, "fragile");
  const script = `[ -e ${flag} ] && exit 7; exec "$@"`;
  const fragile = { ...whole, command: ["/bin/sh", "-c", script, "sh", ...whole.command] };
  await house.close();
  await house.open({ agents: [fragile] });
  const own = await house.talking("fragile");
  await house.say(own.sessionId, "!say one");
  writeFileSync(flag, "");
  await house.runners.restartRunner({ runnerId: own.runnerId, preserveSession: true });
  expect(await house.status(own.runnerId, FAILED)).toMatchObject({ exitCode: 7, incarnation: 2 });
  expect(await house.session(own.sessionId)).toMatchObject({ status: RESUMABLE });
  rmSync(flag);
  await house.runners.restartRunner({ runnerId: own.runnerId, preserveSession: true });
  await expect.poll(async () => (await house.runner(own.runnerId)).sessionId).toBe(own.sessionId);
  await house.say(own.sessionId, "!say two");
  expect(await house.answer(own.sessionId)).toBe("onetwo");
});

test("figures of the process before are not those of the next", { timeout: 30_000 }, async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain");
  const figures = () => house.runners.getRunner({ runnerId, includeMetrics: true });
  await expect
    .poll(async () => (await figures()).metrics!.peakMemoryMb, { timeout: 10_000 })
    .toBeGreaterThan(0n);
  const { runner } = await house.runners.restartRunner({ runnerId });
  expect(runner!.resourceUsage).toBeUndefined();
  await house.status(runnerId, RUNNING);
  expect((await figures()).metrics).toMatchObject({ peakMemoryMb: 0n, cpuPercent: 0 });
  await expect
    .poll(async () => (await figures()).metrics!.peakMemoryMb, { timeout: 10_000 })
    .toBeGreaterThan(0n);
  expect((await figures()).metrics!.cpuPercent).toBeGreaterThanOrEqual(0);
});
