import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import type { House } from "./house.js";
import { exceeded, limitedHouse, type Policy, samples, talking } from "./quota-house.js";

const { FAILED, PAUSED, RUNNING } = RunnerStatus;
const forever = "!spin 1000000000";

/** Long enough for a busy process to get its share in each interval, also on a machine that is busy itself. */
const options = { sampleIntervalMs: 300 };
/** Percent of a core. */
const limit = 5;

const openHouse = (maxCpuPercent = QuotaAction.UNSPECIFIED) =>
  limitedHouse({}, { maxCpuPercent } satisfies Policy, options);

/** Sets the project's limit once its runners are done with starting, which is work too. */
async function limitOnceQuiet(house: House): Promise<void> {
  const loads = async () => {
    const { runners } = await house.runners.listRunners({ includeMetrics: true });
    return Math.max(...runners.map(({ resourceUsage }) => resourceUsage?.cpuPercent ?? 100));
  };
  await expect.poll(loads).toBeLessThan(limit / 2);
  await house.projects.updateProject({ name: "p", quota: { maxCpuPercent: limit } });
}

test("by default a runner that stays above its CPU is warned of once, and left alone", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await talking(house);
  await limitOnceQuiet(house);
  await house.send(sessionId, forever);
  await expect.poll(async () => (await exceeded(house)).length).toBe(1);
  const [said] = await exceeded(house);
  expect(said).toMatchObject({ runnerId, quota: "max_cpu_percent", limit, action: "warn" });
  expect(said!.value).toBeGreaterThan(limit);
  await samples(house, runnerId, 4);
  expect((await exceeded(house)).length).toBe(1);
  const { status, warnings } = await house.runner(runnerId);
  expect(status).toBe(RUNNING);
  expect(warnings).toEqual([said!.message]);
  expect(said!.message).toMatch(/^quota max_cpu_percent 5 of project "p" exceeded: \d+ %$/);
});

test("STOP, for a runner's own limit and for what its children burn", async () => {
  const house = await openHouse(QuotaAction.STOP);
  const { runner } = await house.runners.createRunner({
    projectName: "p",
    quota: { maxCpuPercent: limit },
    spec: { agent: "exec", args: ["/bin/sh", "-c", "while :; do :; done & wait"] },
  });
  const failed = await house.status(runner!.id, FAILED);
  expect(failed.reason).toMatch(/^quota max_cpu_percent 5 exceeded: \d+ % \(/);
  expect(await house.carriers()).toEqual([]);
});

test("INTERRUPT ends the turn that burns, and lets the agent go on", async () => {
  const house = await openHouse(QuotaAction.INTERRUPT);
  const { runnerId, sessionId } = await talking(house);
  await limitOnceQuiet(house);
  const turn = await house.send(sessionId, forever);
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.CANCELLED });
  expect(await exceeded(house)).toContainEqual(expect.objectContaining({ action: "interrupt", runnerId }));
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
});

test("PAUSE freezes the one that burns most until it is resumed; the others go on", async () => {
  const house = await openHouse(QuotaAction.PAUSE);
  const quiet = await talking(house);
  const busy = await talking(house);
  await limitOnceQuiet(house);
  await house.send(busy.sessionId, forever);
  expect((await house.status(busy.runnerId, PAUSED)).reason).toMatch(/^quota max_cpu_percent 5 of project/);
  await samples(house, busy.runnerId, 2);
  expect((await house.runner(busy.runnerId)).resourceUsage!.cpuPercent).toBe(0);
  expect(await house.say(quiet.sessionId, "!say on")).toMatchObject({ state: TurnState.COMPLETED });
  expect((await house.runner(quiet.runnerId)).status).toBe(RUNNING);
  await house.runners.resumeRunner({ runnerId: busy.runnerId });
  await house.status(busy.runnerId, PAUSED);
  expect((await exceeded(house)).map(({ runnerId }) => runnerId)).toEqual([busy.runnerId, busy.runnerId]);
});
