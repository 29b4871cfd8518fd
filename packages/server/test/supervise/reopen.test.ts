import { writeFileSync } from "node:fs";
import { EventType, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { isAlive, openHouse } from "./house.js";

const chunks = (count: number) => Array.from({ length: count }, (_, n) => `chunk ${n + 1}\n`).join("");

test("a server that closes and opens again in the middle of a turn, five times, misses and repeats nothing", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const { pid } = await house.runner(runnerId);
  const turn = await house.send(sessionId, "!chunks 400 5");
  for (let round = 1; round <= 5; round++) {
    await expect.poll(() => house.answer(sessionId)).toContain(`chunk ${round * 40}\n`);
    await house.close();
    expect(isAlive(pid)).toBe(true);
    await house.open();
    expect(house.server.reconciled).toEqual([expect.objectContaining({ runnerId, action: "adopted", pid })]);
    expect(await house.runner(runnerId)).toMatchObject({ status: RunnerStatus.RUNNING, pid });
  }
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.answer(sessionId)).toBe(chunks(400));
  // The conversation goes on with the same agent.
  expect(await house.say(sessionId, "!say and more")).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.answer(sessionId)).toBe(`${chunks(400)}and more`);
  expect((await house.events(EventType.RUNNER_ADOPTED)).length).toBe(5);
  expect(house.errors).toEqual([]);
});

test("what an agent said and how it ended while no server ran is learned at the next start", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const gate = `${house.project}/gate`;
  const turn = await house.send(sessionId, `!say one\n!wait ${gate}\n!say two\n!stderr last words\n!crash 5`);
  await expect.poll(() => house.answer(sessionId)).toBe("one");
  const { pid } = await house.runner(runnerId);
  await house.close();
  writeFileSync(gate, "");
  await expect.poll(() => isAlive(pid)).toBe(false);
  await house.open();
  const failed = await house.status(runnerId, RunnerStatus.FAILED);
  expect(failed).toMatchObject({ exitCode: 5, reason: "the agent ended by itself (exit code 5)" });
  expect(await house.answer(sessionId)).toBe("onetwo");
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.FAILED });
  expect((await house.session(sessionId)).status).toBe(SessionStatus.RESUMABLE);
});

test("a turn that ended while no server ran is over, and the one that waited is handed over", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const gate = `${house.project}/gate`;
  const first = await house.send(sessionId, `!wait ${gate}\n!usage 3 4\n!say one`);
  const second = await house.send(sessionId, "!say two");
  await expect.poll(async () => (await house.session(sessionId)).status).toBe(SessionStatus.ACTIVE);
  await house.close();
  writeFileSync(gate, "");
  await house.open();
  expect(await house.over(sessionId, second.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.over(sessionId, first.id)).toMatchObject({
    usage: { inputTokens: 3n, outputTokens: 4n },
  });
  expect(await house.answer(sessionId)).toBe("onetwo");
});

test("a question that was asked before is answered after the server came back", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!permission rm -r build");
  await expect.poll(async () => (await house.approvals.listApprovals({})).approvals.length).toBe(1);
  await house.close();
  await house.open();
  const [approval] = (await house.approvals.listApprovals({})).approvals;
  await house.approvals.resolveApproval({ approvalId: approval!.id, answer: { case: "allow", value: true } });
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.answer(sessionId)).toMatch(/allow/i);
});

test("an agent that had not answered when the server closed is taken up and still has to answer", async () => {
  const house = await openHouse({
    slow: { on: { initialize: { delayMs: 700 } } },
    silent: { on: { start: { block: true } } },
  });
  const slow = await house.runners.createRunner({ projectName: "p", spec: { agent: "slow" } });
  const silent = await house.runners.createRunner({ projectName: "p", spec: { agent: "silent" } });
  await house.close();
  await house.open({ startTimeoutMs: 3_000 });
  await house.status(slow.runner!.id, RunnerStatus.RUNNING);
  const { session } = await house.sessions.createSession({ runnerId: slow.runner!.id });
  expect(await house.say(session!.id, "!say hello")).toMatchObject({ state: TurnState.COMPLETED });
  expect((await house.status(silent.runner!.id, RunnerStatus.FAILED)).reason).toMatch(
    /did not answer within 3 s/,
  );
});

test("a line to the agent that was written is not written again by the next server", async () => {
  const house = await openHouse();
  const runnerId = await house.running("exec", {
    args: ["/bin/sh", "-c", 'while read -r line; do echo "got <$line>"; done'],
    input: true,
  });
  const { sessionId } = await house.runner(runnerId);
  await house.say(sessionId, "one");
  await expect.poll(() => house.answer(sessionId)).toBe("got <one>\n");
  for (let round = 0; round < 3; round++) {
    await house.close();
    await house.open();
  }
  await house.say(sessionId, "two");
  await expect.poll(() => house.answer(sessionId)).toBe("got <one>\ngot <two>\n");
});

test("a stop that a closing server left unfinished is finished by the next one", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.send(sessionId, "!ignore-sigterm\n!ignore-eof\n!ignore-cancel\n!say ready\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  const stop = house.runners.stopRunner({ runnerId, timeoutSeconds: 600 });
  const failed = expect(stop).rejects.toThrow(/shutting down/);
  await house.status(runnerId, RunnerStatus.STOPPING);
  await house.close();
  await failed;
  await house.open();
  await house.status(runnerId, RunnerStatus.TERMINATED);
  expect(await house.carriers()).toEqual([]);
});

test("a server that closes while runners start leaves none behind that the next one does not know", async () => {
  const house = await openHouse();
  const calls = Array.from({ length: 6 }, () =>
    house.runners.createRunner({ projectName: "p", spec: { agent: "plain" } }).then(
      ({ runner }) => runner!.id,
      () => undefined,
    ),
  );
  await calls[0];
  await house.close();
  await Promise.all(calls);
  await house.open();
  const { runners } = await house.runners.listRunners({});
  for (const { id } of runners) {
    await expect
      .poll(async () => (await house.runner(id)).status)
      .toSatisfy((status) => status === RunnerStatus.RUNNING || status === RunnerStatus.FAILED);
  }
  const live = new Set<number>();
  for (const { id } of runners) {
    const { status, pid } = await house.runner(id);
    if (status === RunnerStatus.RUNNING) live.add(pid);
  }
  for (const { id } of runners) await house.runners.stopRunner({ runnerId: id, force: true });
  expect(await house.carriers()).toEqual([]);
  expect([...live].filter(isAlive)).toEqual([]);
});

test("a runner whose folder is gone fails alone; the others and the server go on", async () => {
  const house = await openHouse();
  const lost = await house.talking("plain");
  const kept = await house.talking("plain");
  const turn = await house.send(lost.sessionId, "!hang");
  await expect.poll(async () => (await house.session(lost.sessionId)).status).toBe(SessionStatus.ACTIVE);
  await house.close();
  const { rmSync } = await import("node:fs");
  rmSync(`${house.dataDir}/runners/${lost.runnerId}`, { recursive: true });
  await house.open();
  const failed = await house.status(lost.runnerId, RunnerStatus.FAILED);
  expect(failed.reason).toMatch(/could not/);
  expect(await house.over(lost.sessionId, turn.id)).toMatchObject({ state: TurnState.FAILED });
  expect((await house.session(lost.sessionId)).endedAt).toBeDefined();
  expect(await house.say(kept.sessionId, "!say hello")).toMatchObject({ state: TurnState.COMPLETED });
});

test("folders that a dead server left behind are removed, those of live runners are not", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  await house.close();
  const { existsSync, mkdirSync } = await import("node:fs");
  const stray = `${house.dataDir}/runners/runner_00000000000000000000000000/1`;
  mkdirSync(stray, { recursive: true });
  await house.open();
  expect(existsSync(stray)).toBe(false);
  expect(await house.say(sessionId, "!say hello")).toMatchObject({ state: TurnState.COMPLETED });
});
