import { Code } from "@connectrpc/connect";
import { EventType, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";

const { IDLE, RESUMABLE, ENDED } = SessionStatus;

test("a session goes on where it stopped: on its own runner, on another one, and on a new one", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.say(sessionId, "!say one");
  const other = (await house.sessions.createSession({ runnerId })).session!.id;
  const same = await house.sessions.resumeSession({ sessionId, runnerId });
  expect(same).toMatchObject({
    session: { id: sessionId, runnerId, status: IDLE, reason: "" },
    runner: { id: runnerId, sessionId },
  });
  expect((await house.session(other)).status).toBe(RESUMABLE);
  await house.say(sessionId, "!say two");

  await house.runners.stopRunner({ runnerId });
  const second = await house.running("plain");
  const there = await house.sessions.resumeSession({ sessionId, runnerId: second });
  expect(there).toMatchObject({ session: { runnerId: second }, runner: { id: second, sessionId } });
  await house.say(sessionId, "!say three");

  await house.runners.stopRunner({ runnerId: second });
  const onNew = await house.sessions.resumeSession({ sessionId });
  expect([runnerId, second]).not.toContain(onNew.runner!.id);
  expect(onNew.runner).toMatchObject({ sessionId, status: RunnerStatus.RUNNING, agent: "plain" });
  expect(await house.say(sessionId, "!say four")).toMatchObject({ state: TurnState.COMPLETED });

  expect(await house.answer(sessionId)).toBe("onetwothreefour");
  const messages = await house.transcript(sessionId);
  expect(messages.map(({ ordinal }) => ordinal)).toEqual(messages.map((_, index) => BigInt(index + 1)));
  expect(messages.filter(({ role }) => role === "user")).toHaveLength(4);
  const resumed = await house.events(EventType.SESSION_RESUMED);
  expect(resumed.map((event) => event.runnerId)).toEqual([runnerId, second, onNew.runner!.id]);
});

test("a cost that an agent reports as a sum is not booked again where its session goes on", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.say(sessionId, "!usage 1 1 0 0 0 0.5");
  const before = (await house.session(sessionId)).usage!.costNanos;
  expect(before).toBeGreaterThan(0n);
  await house.runners.stopRunner({ runnerId });
  await house.sessions.resumeSession({ sessionId });
  await house.say(sessionId, "!usage 1 1 0 0 0 0.25");
  expect((await house.session(sessionId)).usage!.costNanos).toBe(before + before / 2n);

  const again = (await house.session(sessionId)).runnerId;
  await house.runners.restartRunner({ runnerId: again, preserveSession: true });
  await expect.poll(async () => (await house.runner(again)).sessionId).toBe(sessionId);
  await house.say(sessionId, "!usage 1 1 0 0 0 0.25");
  expect((await house.session(sessionId)).usage!.costNanos).toBe(2n * before);
});

test("a session resumes after the server came back, and agents without resume load it unheard", async () => {
  const house = await openHouse({ loads: { capabilities: { resume: false } } });
  const { runnerId, sessionId } = await house.talking("loads");
  await house.say(sessionId, "!say one");
  await house.runners.stopRunner({ runnerId });
  await house.close();
  await house.open();
  await house.sessions.resumeSession({ sessionId });
  await house.say(sessionId, "!say two");
  expect(await house.answer(sessionId)).toBe("onetwo");
  expect(await house.transcript(sessionId)).toHaveLength(4);
});

test("what cannot be resumed says why, and stays as it is", async () => {
  const house = await openHouse({
    refusing: { on: { "session/resume": { error: { code: -32603, message: "my memory fails" } } } },
  });
  const resume = (request: object) => failureOf(house.sessions.resumeSession(request));
  expect(await resume({ sessionId: "session_none" })).toMatchObject({ code: Code.NotFound });
  const { runnerId, sessionId } = await house.talking("plain");
  expect(await resume({ sessionId })).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "SESSION_LIVE",
    details: { runner: runnerId },
  });
  expect(await resume({ sessionId, runnerId: "runner_none" })).toMatchObject({ code: Code.NotFound });
  await expect(house.sessions.resumeSession({ sessionId, runnerId })).resolves.toMatchObject({
    session: { id: sessionId },
  });
  await house.sessions.endSession({ sessionId });
  expect(await resume({ sessionId, runnerId })).toMatchObject({ reason: "SESSION_ENDED" });

  const first = await house.talking("refusing");
  const second = (await house.sessions.createSession({ runnerId: first.runnerId })).session!.id;
  expect(await resume({ sessionId: first.sessionId, runnerId })).toMatchObject({ reason: "OTHER_AGENT" });
  const refused = await resume({ sessionId: first.sessionId, runnerId: first.runnerId });
  expect(refused).toMatchObject({ code: Code.FailedPrecondition, reason: "RESUME_FAILED" });
  expect(refused.message).toMatch(/my memory fails/);
  expect(await house.session(first.sessionId)).toMatchObject({ status: RESUMABLE });
  expect(await house.runner(first.runnerId)).toMatchObject({ sessionId: second });
  const onNew = await resume({ sessionId: first.sessionId });
  expect(onNew).toMatchObject({ code: Code.FailedPrecondition, reason: "RESUME_FAILED" });
  expect(onNew.message).toMatch(/my memory fails/);
  await house.status(onNew.details.runner!, RunnerStatus.FAILED);
  expect(await house.session(first.sessionId)).toMatchObject({ status: RESUMABLE, runnerId: first.runnerId });

  await house.send(second, "!hang");
  expect(await resume({ sessionId: first.sessionId, runnerId: first.runnerId })).toMatchObject({
    reason: "SESSION_BUSY",
  });
});

test("a fork begins with a copy of the transcript and leaves the original alone", async () => {
  const house = await openHouse({ forks: { capabilities: { fork: true } } });
  const { runnerId, sessionId } = await house.talking("forks");
  await house.say(sessionId, "!say one");
  const { session, runner } = await house.sessions.resumeSession({ sessionId, fork: true });
  expect(session).toMatchObject({ resumedFrom: sessionId, status: IDLE, messageCount: 2n });
  expect(runner).toMatchObject({ sessionId: session!.id });
  expect(runner!.id).not.toBe(runnerId);
  expect(session!.agentSessionId).not.toBe((await house.session(sessionId)).agentSessionId);
  await house.say(session!.id, "!say two");
  await house.say(sessionId, "!say three");
  expect(await house.answer(session!.id)).toBe("onetwo");
  expect(await house.answer(sessionId)).toBe("onethree");
  const here = await house.sessions.resumeSession({ sessionId, runnerId, fork: true });
  expect(here).toMatchObject({ session: { resumedFrom: sessionId, runnerId }, runner: { id: runnerId } });
  expect(await house.answer(here.session!.id)).toBe("onethree");
  expect((await house.session(sessionId)).status).toBe(RESUMABLE);
  expect(await house.events(EventType.SESSION_RESUMED)).toHaveLength(2);

  const plain = await house.talking("plain");
  expect(
    await failureOf(
      house.sessions.resumeSession({ sessionId: plain.sessionId, runnerId: plain.runnerId, fork: true }),
    ),
  ).toMatchObject({ code: Code.FailedPrecondition, reason: "CANNOT_FORK" });
  const onNew = await failureOf(house.sessions.resumeSession({ sessionId: plain.sessionId, fork: true }));
  expect(onNew.message).toMatch(/cannot continue a copy/);
});

test("a resume that is called again with its request_id is one resume", async () => {
  const house = await openHouse({ forks: { capabilities: { fork: true } } });
  const { sessionId } = await house.talking("forks");
  const request = { sessionId, fork: true, requestId: "once" };
  const [first, second] = await Promise.all([
    house.sessions.resumeSession(request),
    house.sessions.resumeSession(request),
  ]);
  expect(second.session!.id).toBe(first.session!.id);
  expect((await house.sessions.resumeSession(request)).runner!.id).toBe(first.runner!.id);
  expect(await failureOf(house.sessions.resumeSession({ ...request, fork: false }))).toMatchObject({
    code: Code.InvalidArgument,
  });
  const { totalCount } = await house.runners.listRunners({});
  expect(totalCount).toBe(2);
});

test("a runner is created for a session: to resume it or a copy, with a message to begin with", async () => {
  const house = await openHouse({ forks: { capabilities: { fork: true } } });
  const { runnerId, sessionId } = await house.talking("forks");
  await house.say(sessionId, "!say one");
  const create = (spec: object) => house.runners.createRunner({ projectName: "p", spec });
  expect(await failureOf(create({ agent: "plain", forkSession: true }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["spec.fork_session"],
  });
  expect(await failureOf(create({ resumeSessionId: sessionId }))).toMatchObject({ reason: "SESSION_LIVE" });
  const forked = (await create({ resumeSessionId: sessionId, forkSession: true })).runner!;
  expect(forked.agent).toBe("forks");
  await expect.poll(async () => (await house.runner(forked.id)).sessionId).not.toBe("");
  const copy = (await house.runner(forked.id)).sessionId;
  expect(await house.session(copy)).toMatchObject({ resumedFrom: sessionId });
  await house.runners.stopRunner({ runnerId });
  expect(await failureOf(create({ agent: "plain", resumeSessionId: sessionId }))).toMatchObject({
    reason: "OTHER_AGENT",
  });
  const resumed = (await create({ resumeSessionId: sessionId, prompt: "!say two" })).runner!;
  await expect.poll(() => house.answer(sessionId)).toBe("onetwo");
  expect(await house.runner(resumed.id)).toMatchObject({ sessionId });
  expect((await house.session(copy)).status).not.toBe(ENDED);
});
