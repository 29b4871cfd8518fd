import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { EventType, RunnerFailedSchema, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { isAlive, openHouse, strange } from "./house.js";

const { FAILED, TERMINATED, RUNNING } = RunnerStatus;

async function created(house: Awaited<ReturnType<typeof openHouse>>, agent: string) {
  const { runner } = await house.runners.createRunner({ projectName: "p", spec: { agent } });
  return runner!;
}

test("an agent that ends before it answers: FAILED, with its exit code and last words", async () => {
  const house = await openHouse({ early: { on: { start: { stderr: "no licence here", crash: 3 } } } });
  const runner = await created(house, "early");
  expect(runner.status).toBe(RunnerStatus.STARTING);
  const failed = await house.status(runner.id, FAILED);
  expect(failed.reason).toBe("the agent ended before it answered (exit code 3)");
  expect(failed.exitCode).toBe(3);
  const [event] = await house.events(EventType.RUNNER_FAILED);
  const payload = anyUnpack(event!.payload!, RunnerFailedSchema)!;
  expect(payload).toMatchObject({ reason: failed.reason, exitCode: 3, stderrTail: "no licence here\n" });
});

test("an agent that prints garbage and ends: FAILED, and the reason quotes it", async () => {
  const house = await openHouse({
    noisy: { on: { start: { garbage: "Usage: agent [options]", crash: 0 } } },
  });
  const { id } = await created(house, "noisy");
  const { reason } = await house.status(id, FAILED);
  expect(reason).toMatch(/ended before it answered \(exit code 0\); it printed .*"Usage: agent \[options\]"/);
});

test("an agent that never answers is ended after the time for it", async () => {
  const house = await openHouse(
    { silent: { on: { initialize: { hang: true } } }, blocked: { on: { start: { block: true } } } },
    { startTimeoutMs: 700 },
  );
  const runners = [await created(house, "silent"), await created(house, "blocked")];
  for (const { id } of runners) {
    const { reason } = await house.status(id, FAILED);
    expect(reason).toMatch(/^the agent did not answer within 0\.7 s \(exit code \d+/);
  }
  expect(await house.carriers()).toEqual([]);
});

test("an agent that refuses to start is FAILED with what it said", async () => {
  const house = await openHouse({
    refusing: { on: { initialize: { error: { code: -32603, message: "not today" } } } },
  });
  const { id } = await created(house, "refusing");
  expect((await house.status(id, FAILED)).reason).toMatch(/refused to start: not today/);
});

test("an agent that dies while it opens a session fails the call with the reason, and does not leave it hanging", async () => {
  const house = await openHouse({
    frail: { on: { "session/new": { crash: 9 } } },
    unwilling: { on: { "session/new": { error: { code: -32000, message: "Authentication required" } } } },
  });
  const runnerId = await house.running("frail");
  const error = await house.sessions.createSession({ runnerId }).catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.FailedPrecondition });
  expect(String(error)).toMatch(/ended by itself \(exit code 9\)/);
  const { sessions } = await house.sessions.listSessions({ runnerId });
  expect(sessions.map(({ status }) => status)).toEqual([SessionStatus.ENDED]);

  const unwilling = await house.running("unwilling");
  await expect(house.sessions.createSession({ runnerId: unwilling })).rejects.toThrow(
    /Authentication required \(-32000\); log in once/,
  );
  expect(await house.runner(unwilling)).toMatchObject({ status: RUNNING, sessionId: "" });
});

test("a prompt whose session cannot be opened ends as FAILED", async () => {
  const house = await openHouse({
    unwilling: { on: { "session/new": { error: { code: -32603, message: "no room" } } } },
  });
  const runnerId = await house.running("unwilling", { prompt: "hello" });
  await expect
    .poll(async () => (await house.sessions.listSessions({ runnerId })).sessions[0]?.latestTurn?.state)
    .toBe(TurnState.FAILED);
  const [session] = (await house.sessions.listSessions({ runnerId })).sessions;
  expect(session!.latestTurn!.error).toMatch(/no room/);
  expect(session!.status).toBe(SessionStatus.ENDED);
});

test.for([
  ["!crash 7", /ended by itself \(exit code 7\)/, 7],
  ["!kill SIGSEGV", /ended by itself \(exit code 139, as after SIGSEGV\)/, 139],
  ["!torn", /ended by itself \(exit code 1\)/, 1],
] as const)(
  "an agent that dies in a turn (%s) fails its runner and the turn",
  async ([text, reason, code]) => {
    const house = await openHouse();
    const { runnerId, sessionId } = await house.talking("plain");
    const running = await house.send(sessionId, `!say before\n!stderr oh no\n${text}`);
    const queued = await house.send(sessionId, "never reached");
    const failed = await house.status(runnerId, FAILED);
    expect(failed.reason).toMatch(reason);
    expect(failed.exitCode).toBe(code);
    for (const { id } of [running, queued]) {
      expect(await house.over(sessionId, id)).toMatchObject({
        state: TurnState.FAILED,
        stopReason: "agent_ended",
      });
    }
    const [event] = await house.events(EventType.RUNNER_FAILED);
    expect(anyUnpack(event!.payload!, RunnerFailedSchema)!.stderrTail).toBe("oh no\n");
    const transcript = await house.transcript(sessionId);
    expect(transcript.every(({ inProgress }) => !inProgress)).toBe(true);
    expect(await house.answer(sessionId)).toBe("before");
    expect((await house.session(sessionId)).status).toBe(SessionStatus.RESUMABLE);
  },
);

test("garbage, a flood and a giant line cost nothing but themselves", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.say(
    sessionId,
    '!garbage not json\n!update {"sessionUpdate":5}\n!update 7\n!invalid-utf8\n!flood 3000000\n!line 17000000\n!say end',
  );
  expect(turn).toMatchObject({ state: TurnState.COMPLETED });
  const messages = await house.transcript(sessionId);
  const notices = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  expect(notices).toEqual([
    expect.stringMatching(/not UTF-8/),
    expect.stringMatching(/a line of 170\d+ bytes; only the first 16777216 were read/),
  ]);
  const said = messages.filter(({ role }) => role === "assistant");
  expect(said.at(-1)!.content).toMatch(/end$/);
  expect(said.reduce((sum, { content }) => sum + content.length, 0)).toBeGreaterThan(3_000_000);
  // Each fits well into what stock clients take.
  expect(Math.max(...said.map(({ content }) => content.length))).toBeLessThan(1_000_000);
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
  expect(house.logged.filter(({ message }) => /not of its protocol/.test(message)).length).toBeLessThan(4);
  expect(house.errors).toEqual([]);
});

test("an agent that ignores cancel, SIGTERM and the end of its input is ended by force", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!ignore-cancel\n!ignore-sigterm\n!ignore-eof\n!say ready\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  const { pid } = await house.runner(runnerId);
  const stopped = await house.runners.stopRunner({ runnerId, timeoutSeconds: 1 });
  expect(stopped.runner).toMatchObject({ status: TERMINATED, exitCode: 137 });
  expect(stopped.endedProcesses.some(({ signal }) => signal === "SIGKILL")).toBe(true);
  expect(isAlive(pid)).toBe(false);
  expect(await house.over(sessionId, turn.id)).toMatchObject({
    state: TurnState.CANCELLED,
    stopReason: "stopped",
  });
  expect(await house.carriers()).toEqual([]);
});

test("what an agent leaves in a session of its own is ended with it, by a stop and by its own end", async () => {
  const house = await openHouse();
  for (const last of ["!say still here", "!crash 0"]) {
    const { runnerId, sessionId } = await house.talking("plain");
    await house.send(sessionId, `!double-fork 600\n${last}`);
    await expect.poll(() => house.answer(sessionId)).toMatch(/\d+/);
    const orphan = Number(/\d+/.exec(await house.answer(sessionId))![0]);
    if (last.startsWith("!say")) await house.runners.stopRunner({ runnerId });
    await expect.poll(async () => (await house.runner(runnerId)).status).toBeGreaterThanOrEqual(TERMINATED);
    expect(isAlive(orphan)).toBe(false);
  }
  expect(await house.carriers()).toEqual([]);
});

test("a turn that its agent lets be cancelled before a stop ends in order, with its usage", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!usage 5 6\n!say working\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("working");
  await house.runners.stopRunner({ runnerId });
  const ended = await house.over(sessionId, turn.id);
  expect(ended).toMatchObject({ state: TurnState.CANCELLED, stopReason: "cancelled" });
  expect(ended.usage).toMatchObject({ inputTokens: 5n, outputTokens: 6n });
});

test("a message to an agent that has shut its input fails, and so do those behind it", async () => {
  const house = await openHouse();
  const runnerId = await house.running("exec", {
    args: ["/bin/sh", "-c", "read -r line; exec 0</dev/null; echo shut; sleep 600"],
    input: true,
  });
  const { sessionId } = await house.runner(runnerId);
  expect(await house.say(sessionId, "hello")).toMatchObject({ state: TurnState.COMPLETED });
  await expect.poll(() => house.answer(sessionId)).toBe("shut\n");
  // What the pipe takes before its reader is known to be gone can still be accepted.
  await expect.poll(async () => (await house.say(sessionId, "anyone?")).stopReason).toBe("undelivered");
  expect(await house.say(sessionId, "hello?")).toMatchObject({ state: TurnState.FAILED });
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
});

test("answers of the wrong shape end what waits for them, with a reason", async () => {
  const wrong = strange(
    "wrong",
    `({ id, method }, say) => {
      if (method === "initialize") return say({ id, result: { protocolVersion: 1, agentCapabilities: 7 } });
      if (method === "session/new") return say({ id, result: { sessionId: "s", configOptions: "none" } });
      if (method !== "session/prompt") return;
      globalThis.turn = (globalThis.turn ?? 0) + 1;
      if (turn === 1) say({ id, result: null });
      if (turn === 2) say('{"jsonrpc":"2.0","id":' + id + ',"result":{"stopReason":5,"usage":{"inputTokens":1e999}}}');
      if (turn === 3) say({ id, error: { code: "x", message: 5 } });
      if (turn === 4) {
        for (const id of ["__proto__", "constructor", 1e300, null, -1, "1"]) say({ id, result: {} });
        say({ id: "q", method: "session/request_permission", params: { sessionId: "s", options: "no" } });
        say({ id: "r", method: "fs/read_text_file", params: {} });
        say({ id, result: { stopReason: "end_turn" } });
      }
    }`,
  );
  const house = await openHouse({}, { agents: [wrong] });
  const { sessionId } = await house.talking("wrong");
  expect(await house.say(sessionId, "one")).toMatchObject({
    state: TurnState.COMPLETED,
    stopReason: "end_turn",
  });
  expect((await house.say(sessionId, "two")).usage).toMatchObject({
    inputTokens: BigInt(Number.MAX_SAFE_INTEGER),
  });
  expect(await house.say(sessionId, "three")).toMatchObject({ state: TurnState.FAILED });
  expect(await house.say(sessionId, "four")).toMatchObject({ state: TurnState.COMPLETED });
  expect((await house.approvals.listApprovals({})).approvals).toEqual([]);
  expect(house.errors).toEqual([]);
});

test("an agent of another version of the protocol is FAILED with both versions", async () => {
  const future = strange("future", `({ id }, say) => say({ id, result: { protocolVersion: 2 } })`);
  const house = await openHouse({}, { agents: [future] });
  const { id } = await created(house, "future");
  expect((await house.status(id, FAILED)).reason).toMatch(/speaks version 2 .* not version 1/);
});
