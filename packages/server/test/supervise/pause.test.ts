import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  EventType,
  RunnerActivity,
  RunnerPausedSchema,
  RunnerStatus,
  TurnState,
  WhenBusy,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import { isFrozen } from "./frozen.js";
import { openHouse } from "./house.js";

const { PAUSED, RUNNING, TERMINATED } = RunnerStatus;

test("a paused runner ends its turn and begins no other, until it is resumed", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const gate = join(house.project, "gate");
  const first = await house.send(sessionId, `!wait ${gate}\n!say one`);
  const { runner } = await house.runners.pauseRunner({ runnerId });
  expect(runner!.status).toBe(PAUSED);
  const second = await house.send(sessionId, "!say two");
  writeFileSync(gate, "");
  expect((await house.over(sessionId, first.id)).state).toBe(TurnState.COMPLETED);
  expect((await house.session(sessionId)).latestTurn).toMatchObject({
    id: second.id,
    state: TurnState.QUEUED,
  });
  expect((await house.runner(runnerId)).status).toBe(PAUSED);
  expect(await house.answer(sessionId)).toBe("one");
  const resumed = await house.runners.resumeRunner({ runnerId });
  expect(resumed.runner!.status).toBe(RUNNING);
  expect((await house.over(sessionId, second.id)).state).toBe(TurnState.COMPLETED);
  expect(await house.answer(sessionId)).toBe("onetwo");
  const events = await house.events(EventType.RUNNER_PAUSED, EventType.RUNNER_RESUMED);
  expect(events.map(({ eventType }) => EventType[eventType])).toEqual(["RUNNER_PAUSED", "RUNNER_RESUMED"]);
  expect(fromBinary(RunnerPausedSchema, events[0]!.payload!.value).frozen).toBe(false);
  expect(house.errors).toEqual([]);
});

test("messages to a paused runner wait in order, through a daemon's end, and go when it is resumed", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.runners.pauseRunner({ runnerId });
  const first = await house.send(sessionId, "!say one");
  const second = await house.send(sessionId, "!say two", { whenBusy: WhenBusy.REJECT });
  expect([first.state, second.state]).toEqual([TurnState.QUEUED, TurnState.QUEUED]);
  await house.close();
  await house.open();
  const third = await house.send(sessionId, "!say three");
  expect((await house.runner(runnerId)).activity).toBe(RunnerActivity.IDLE);
  expect(await house.events(EventType.TURN_STARTED)).toEqual([]);
  await house.sessions.cancelTurn({ sessionId, turnId: second.id });
  await house.runners.resumeRunner({ runnerId });
  expect((await house.over(sessionId, third.id)).state).toBe(TurnState.COMPLETED);
  expect(await house.answer(sessionId)).toBe("onethree");
  expect((await house.over(sessionId, second.id)).state).toBe(TurnState.CANCELLED);
  expect(house.errors).toEqual([]);
});

test("a frozen agent stands still, also for the next daemon, and goes on where it was", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const gate = join(house.project, "gate");
  const turn = await house.send(sessionId, `!say ready\n!wait ${gate}\n!say one`);
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  expect(await isFrozen(house)).toBe(false);
  await house.runners.pauseRunner({ runnerId, freeze: true, requestId: "p" });
  expect(await isFrozen(house)).toBe(true);
  await house.close();
  await house.open();
  expect((await house.runner(runnerId)).status).toBe(PAUSED);
  expect(await isFrozen(house)).toBe(true);
  // A repeat of the call is no second pause.
  const repeated = await house.runners.pauseRunner({ runnerId, freeze: true, requestId: "p" });
  expect(repeated.runner!.status).toBe(PAUSED);
  writeFileSync(gate, "");
  await house.runners.resumeRunner({ runnerId });
  expect(await isFrozen(house)).toBe(false);
  expect((await house.over(sessionId, turn.id)).state).toBe(TurnState.COMPLETED);
  expect(await house.answer(sessionId)).toBe("readyone");
});

test("a frozen runner can be stopped, and nothing of it is left", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain");
  await house.runners.pauseRunner({ runnerId, freeze: true });
  const { runner } = await house.runners.stopRunner({ runnerId, timeoutSeconds: 2 });
  expect(runner!.status).toBe(TERMINATED);
  expect(await house.carriers()).toEqual([]);
});

test("only what runs is paused, only what is paused is resumed; both at once leave it in one state", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain");
  const refused = { code: Code.FailedPrecondition };
  await expect(house.runners.resumeRunner({ runnerId })).rejects.toMatchObject(refused);
  await expect(house.runners.pauseRunner({ runnerId: "runner_x" })).rejects.toMatchObject({
    code: Code.NotFound,
  });
  await house.runners.pauseRunner({ runnerId });
  await expect(house.runners.pauseRunner({ runnerId })).rejects.toMatchObject(refused);
  await house.runners.resumeRunner({ runnerId });
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      house.runners.pauseRunner({ runnerId, freeze: true }),
      house.runners.resumeRunner({ runnerId }),
    ]);
    expect((await house.runner(runnerId)).status).toBe(RUNNING);
    expect(await isFrozen(house)).toBe(false);
  }
  await house.runners.stopRunner({ runnerId, force: true });
  await expect(house.runners.pauseRunner({ runnerId })).rejects.toMatchObject(refused);
  await expect(house.runners.resumeRunner({ runnerId })).rejects.toMatchObject(refused);
});
