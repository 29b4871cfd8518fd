import { fromBinary } from "@bufbuild/protobuf";
import { EventType, RunnerRestartedSchema, RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { isAlive, openHouse } from "./house.js";

const { STARTING, RUNNING } = RunnerStatus;

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
  expect((await house.session(sessionId)).status).toBe(SessionStatus.RESUMABLE);
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
