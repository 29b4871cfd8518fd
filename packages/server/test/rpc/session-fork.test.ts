import { Code } from "@connectrpc/connect";
import { SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";

const forks = { forks: { capabilities: { fork: true } } };

test("a session is forked while a turn of it runs: with what is complete, and nothing of it is disturbed", async () => {
  const house = await openHouse(forks);
  const { runnerId, sessionId } = await house.talking("forks");
  await house.say(sessionId, "!usage 100 20\n!say one");
  const running = await house.send(sessionId, "!say half\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("onehalf");
  const { session: copy } = await house.sessions.resumeSession({ sessionId, fork: true });
  expect(await house.session(sessionId)).toMatchObject({
    status: SessionStatus.ACTIVE,
    runnerId,
    latestTurn: { id: running.id, state: TurnState.RUNNING },
  });
  expect(await house.answer(copy!.id)).toBe("one");
  expect((await house.transcript(copy!.id)).map(({ inProgress }) => inProgress)).toEqual([
    false,
    false,
    false,
  ]);
  expect(copy).toMatchObject({ resumedFrom: sessionId, tokenCount: 0n });
  expect(copy!.latestTurn).toBeUndefined();
  expect((await house.session(sessionId)).tokenCount).toBe(120n);
  await house.say(copy!.id, "!usage 7 1\n!say two");
  expect((await house.session(copy!.id)).tokenCount).toBe(8n);
  expect(await house.answer(sessionId)).toBe("onehalf");
});

test("a fork needs a runner that is RUNNING, of the same agent and project, with no turn under way", async () => {
  const house = await openHouse(forks);
  await house.projects.createProject({ name: "other", path: house.root });
  const { runnerId, sessionId } = await house.talking("forks");
  const fork = (request: object) =>
    failureOf(house.sessions.resumeSession({ sessionId, fork: true, ...request }));
  await house.send(sessionId, "!hang");
  expect(await fork({ runnerId })).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "SESSION_BUSY",
  });
  const target = await house.running("forks");
  await house.runners.pauseRunner({ runnerId: target });
  expect(await fork({ runnerId: target })).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "RUNNER_NOT_RUNNING",
  });
  await house.runners.resumeRunner({ runnerId: target });
  const { runner } = await house.runners.createRunner({ projectName: "other", spec: { agent: "forks" } });
  expect(await fork({ runnerId: runner!.id })).toMatchObject({ reason: "OTHER_AGENT" });
  const created = house.runners.createRunner({
    projectName: "other",
    spec: { agent: "forks", resumeSessionId: sessionId, forkSession: true },
  });
  expect(await failureOf(created)).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "OTHER_PROJECT",
  });
  const there = await house.sessions.resumeSession({ sessionId, fork: true, runnerId: target });
  expect(there).toMatchObject({ session: { resumedFrom: sessionId }, runner: { id: target } });
  await house.sessions.endSession({ sessionId });
  expect(await fork({})).toMatchObject({ code: Code.FailedPrecondition, reason: "SESSION_ENDED" });
});
