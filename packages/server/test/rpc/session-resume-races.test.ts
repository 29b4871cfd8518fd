import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { EventType, RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { type House, openHouse, strange } from "../supervise/house.js";
import { type Failure, failureOf } from "./fixture/failure.js";

const { RUNNING, PAUSED, FAILED } = RunnerStatus;
const { RESUMABLE, IDLE } = SessionStatus;

/** A session that is on no runner, of an agent that takes one up no sooner than a file is there. */
async function waiting(startTimeoutMs = 60_000) {
  const folder = mkdtempSync(join(tmpdir(), "gate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const gate = join(folder, "gate");
  const agent = strange(
    "gated",
    `({ id, method, params }, say) => {
      const reply = (result) => say({ id, result });
      const resume = () => (require("node:fs").existsSync("${gate}") ? reply({}) : setTimeout(resume, 10));
      const chunk = { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "said" } };
      if (method === "initialize") {
        reply({ protocolVersion: 1, agentCapabilities: { sessionCapabilities: { resume: {}, close: {} } } });
      } else if (method === "session/new") reply({ sessionId: "s" + process.pid });
      else if (method === "session/resume") resume();
      else if (method === "session/prompt") {
        say({ method: "session/update", params: { sessionId: params.sessionId, update: chunk } });
        reply({ stopReason: "end_turn" });
      } else if (id !== undefined) reply({});
    }`,
  );
  const house = await openHouse({}, { agents: [agent], startTimeoutMs });
  const { runnerId, sessionId } = await house.talking("gated");
  await house.say(sessionId, "one");
  await house.runners.stopRunner({ runnerId });
  return { house, gate, runnerId, sessionId };
}

async function newest(house: House) {
  return (await house.runners.listRunners({ limit: 1 })).runners[0]!;
}

/** A resume whose caller leaves once there is a new runner, whose id this gives. */
async function leave(house: House, request: { sessionId: string; requestId?: string }): Promise<string> {
  const count = async () => (await house.runners.listRunners({})).totalCount;
  const before = await count();
  const caller = new AbortController();
  const call = failureOf(house.sessions.resumeSession(request, { signal: caller.signal }));
  await expect.poll(count).toBe(before + 1);
  caller.abort();
  expect((await call).code).toBe(Code.Canceled);
  return (await newest(house)).id;
}

test("of runners that take up a session at once exactly one has it, and the others say which", async () => {
  const { house, gate, sessionId } = await waiting();
  const others = [await house.running("gated"), await house.running("gated")];
  const created = (await house.runners.listRunners({})).totalCount;
  const calls = [
    ...others.map((runnerId) => house.sessions.resumeSession({ sessionId, runnerId })),
    house.sessions.resumeSession({ sessionId }),
    house.sessions.resumeSession({ sessionId }),
  ];
  const outcomes = calls.map((call) =>
    call.then(
      ({ runner }) => runner!.id,
      () => failureOf(call),
    ),
  );
  await expect.poll(async () => (await house.runners.listRunners({})).totalCount).toBe(created + 2);
  // All are asked before the first one answers.
  const { runners } = await house.runners.listRunners({});
  for (const { id } of runners.slice(0, 2)) await house.status(id, RUNNING);
  writeFileSync(gate, "");
  const results = await Promise.all(outcomes);
  const winners = results.filter((result): result is string => typeof result === "string");
  expect(winners).toHaveLength(1);
  expect(await house.session(sessionId)).toMatchObject({ runnerId: winners[0], status: IDLE });
  for (const failure of results.filter((result): result is Failure => typeof result !== "string")) {
    expect(failure).toMatchObject({ code: Code.FailedPrecondition, reason: "RESUME_FAILED" });
    expect(failure.message).toContain(`on runner ${winners[0]} by now`);
  }
  expect(await house.events(EventType.SESSION_RESUMED)).toHaveLength(1);
  for (const { id } of runners.slice(0, 2)) if (id !== winners[0]) await house.status(id, FAILED);
  for (const id of others) if (id !== winners[0]) expect((await house.runner(id)).sessionId).toBe("");
  await house.say(sessionId, "two");
  expect(await house.answer(sessionId)).toBe("saidsaid");
});

test("a new runner that does not take up its session in time fails, and the call can be made again", async () => {
  const { house, gate, sessionId } = await waiting(2_000);
  const request = { sessionId, requestId: "again" };
  const late = await failureOf(house.sessions.resumeSession(request));
  expect(late).toMatchObject({ code: Code.FailedPrecondition, reason: "RESUME_FAILED" });
  expect(late.message).toContain(`did not take up session ${sessionId} within 2 s`);
  expect((await house.runner(late.details.runner!)).status).toBe(FAILED);
  expect(await house.session(sessionId)).toMatchObject({ status: RESUMABLE });
  expect(await house.carriers()).toEqual([]);

  const runnerId = await house.running("gated");
  const here = await failureOf(house.sessions.resumeSession({ sessionId, runnerId }));
  expect(here).toMatchObject({ code: Code.DeadlineExceeded, reason: "RESUME_TIMEOUT" });
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
  await house.runners.stopRunner({ runnerId });

  writeFileSync(gate, "");
  const { runner } = await house.sessions.resumeSession(request);
  expect(runner!.id).not.toBe(late.details.runner);
  expect((await house.session(sessionId)).runnerId).toBe(runner!.id);
});

test("a resume on a new runner goes on when its caller leaves, and a repeat gets what came of it", async () => {
  const { house, gate, sessionId } = await waiting();
  const request = { sessionId, requestId: "mine" };
  const id = await leave(house, request);
  writeFileSync(gate, "");
  await expect.poll(async () => (await house.runner(id)).sessionId).toBe(sessionId);
  const repeated = await house.sessions.resumeSession(request);
  expect(repeated).toMatchObject({ runner: { id }, session: { id: sessionId } });
  expect((await newest(house)).id).toBe(id);
});

test("nor does one go on that nobody waits for, one that was restarted, or one that the next server takes up", async () => {
  const { house, sessionId, runnerId } = await waiting(2_000);
  await house.status(await leave(house, { sessionId }), FAILED);
  for (const opensAgain of [false, true]) {
    await house.runners.restartRunner({ runnerId, preserveSession: true });
    if (opensAgain) {
      await house.status(runnerId, RUNNING);
      await house.close();
      await house.open();
    }
    const { reason } = await house.status(runnerId, FAILED);
    expect(reason).toContain(`did not take up session ${sessionId} within 2 s`);
    expect(await house.session(sessionId)).toMatchObject({ status: RESUMABLE, runnerId });
  }
  expect(await house.carriers()).toEqual([]);
});

test("the time of an agent that is to take up a session stands still while it is frozen", async () => {
  const { house, gate, sessionId, runnerId } = await waiting(2_000);
  await house.runners.restartRunner({ runnerId, preserveSession: true });
  await house.status(runnerId, RUNNING);
  await house.runners.pauseRunner({ runnerId, freeze: true });
  // It has as much time, and began later.
  const other = await failureOf(house.sessions.resumeSession({ sessionId }));
  expect(other.message).toContain("within 2 s");
  expect((await house.runner(runnerId)).status).toBe(PAUSED);
  writeFileSync(gate, "");
  await house.runners.resumeRunner({ runnerId });
  await expect.poll(async () => (await house.runner(runnerId)).sessionId).toBe(sessionId);
  await house.say(sessionId, "two");
});

test("a session that someone opens on the new runner meanwhile is not taken for the one that it resumes", async () => {
  const { house, gate, sessionId } = await waiting();
  const before = (await newest(house)).id;
  const resumed = house.sessions.resumeSession({ sessionId });
  await expect.poll(async () => (await newest(house)).id).not.toBe(before);
  const { id: runnerId } = await newest(house);
  await house.status(runnerId, RUNNING);
  const { session: other } = await house.sessions.createSession({ runnerId });
  expect((await house.runner(runnerId)).sessionId).toBe(other!.id);
  writeFileSync(gate, "");
  expect((await resumed).session).toMatchObject({ id: sessionId, runnerId, status: IDLE });
  expect(await house.session(other!.id)).toMatchObject({ status: RESUMABLE });
});

test("calls that resume a session on one runner are one: the first that leaves takes it from no other", async () => {
  const { house, gate, sessionId } = await waiting();
  const runnerId = await house.running("gated");
  const caller = new AbortController();
  const leaving = failureOf(house.sessions.resumeSession({ sessionId, runnerId }, { signal: caller.signal }));
  const staying = house.sessions.resumeSession({ sessionId, runnerId, requestId: "other" });
  caller.abort();
  expect((await leaving).code).toBe(Code.Canceled);
  writeFileSync(gate, "");
  expect((await staying).session).toMatchObject({ id: sessionId, runnerId, status: IDLE });
});

test("a fork that is repeated while it is made is one copy, and two that are not are two", async () => {
  const house = await openHouse({ forks: { capabilities: { fork: true } } });
  const { runnerId, sessionId } = await house.talking("forks");
  await house.say(sessionId, "!say one");
  const fork = (requestId: string) =>
    house.sessions.resumeSession({ sessionId, runnerId, fork: true, requestId });
  const [one, same] = await Promise.all([fork("a"), fork("a")]);
  expect(same).toEqual(one);
  const other = await fork("b");
  expect(other.session!.id).not.toBe(one!.session!.id);
  expect((await house.sessions.listSessions({ runnerId })).totalCount).toBe(3);
});
