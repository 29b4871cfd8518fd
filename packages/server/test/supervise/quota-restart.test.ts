import { existsSync } from "node:fs";
import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { exceeded, limitedHouse, samples, talking } from "./quota-house.js";

const { FAILED, PAUSED } = RunnerStatus;

test("a daemon that goes before a runner has ended leaves the reason, and the rest, to the next one", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n });
  const { runnerId, sessionId } = await talking(house);
  const turn = await house.send(
    sessionId,
    "!ignore-cancel\n!ignore-sigterm\n!ignore-eof\n!allocate 500\n!hang",
  );
  await expect.poll(async () => (await exceeded(house)).length).toBe(1);
  await house.close();
  const pids = await house.carriers();
  await house.open();
  const [said] = await exceeded(house);
  expect((await house.status(runnerId, FAILED)).reason).toContain(said!.message);
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.FAILED });
  expect((await exceeded(house)).length).toBe(1);
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});

test("a runner that is frozen for its memory stays so under the next daemon, which has nothing to add", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n }, { maxMemoryMb: QuotaAction.PAUSE });
  const { runnerId, sessionId } = await talking(house);
  await house.send(sessionId, "!allocate 500\n!hang");
  const { reason } = await house.status(runnerId, PAUSED);
  await house.close();
  await house.open();
  await samples(house, runnerId, 3);
  expect(await house.runner(runnerId)).toMatchObject({ status: PAUSED, reason });
  expect((await exceeded(house)).length).toBe(1);
});

test("a caller's pause does not keep a runner from being ended, or frozen, for its memory", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n }, { maxMemoryMb: QuotaAction.PAUSE });
  const { runnerId, sessionId } = await talking(house);
  await house.runners.pauseRunner({ runnerId });
  await house.projects.updateProject({ name: "p", quota: { maxMemoryMb: 10n } });
  await expect.poll(async () => (await house.runner(runnerId)).reason).toMatch(/^quota max_memory_mb 10 /);
  expect((await exceeded(house)).map(({ action }) => action)).toEqual(["pause"]);
  await house.projects.updateProject({
    name: "p",
    config: { quotaPolicy: { maxMemoryMb: QuotaAction.STOP } },
  });
  expect((await house.status(runnerId, FAILED)).reason).toMatch(/^quota max_memory_mb 10 /);
  expect((await house.session(sessionId)).runnerId).toBe(runnerId);
});
