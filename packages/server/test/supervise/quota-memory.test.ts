import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { exceeded, limitedHouse, memoryOf, samples, talking } from "./quota-house.js";

const { FAILED, PAUSED, RUNNING } = RunnerStatus;

test("by default, a runner whose processes take more memory than its project may is ended, and says why", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n });
  const { runnerId, sessionId } = await talking(house);
  await samples(house, runnerId, 2);
  expect(await exceeded(house)).toEqual([]);
  const turn = await house.send(sessionId, "!allocate 500\n!hang");
  const failed = await house.status(runnerId, FAILED);
  const [said, ...more] = await exceeded(house);
  expect(more).toEqual([]);
  expect(said).toMatchObject({
    runnerId,
    projectName: "p",
    quota: "max_memory_mb",
    limit: 400,
    action: "stop",
    subject: "project:p",
  });
  expect(said!.value).toBeGreaterThan(400);
  expect(said!.message).toBe(`quota max_memory_mb 400 of project "p" exceeded: ${said!.value} MiB`);
  expect(failed.reason).toMatch(new RegExp(`^${said!.message} \\(`));
  expect(await house.over(sessionId, turn.id)).toMatchObject({
    state: TurnState.FAILED,
    error: expect.stringContaining(said!.message),
  });
  expect(await house.carriers()).toEqual([]);
});

test("a limit of a project is over all its runners: the one that uses most goes, the others stay", async () => {
  const house = await limitedHouse({});
  const small = await talking(house);
  // It takes its time to end, in which what it still uses is not another's fault.
  const stubborn =
    'process.on("SIGTERM", () => {}); const b = Buffer.alloc(450 * 2 ** 20, 1); setInterval(() => b, 1e3)';
  const large = { runnerId: await house.running("exec", { args: [process.execPath, "-e", stubborn] }) };
  await expect.poll(() => memoryOf(house, large.runnerId)).toBeGreaterThan(450);
  await house.say(small.sessionId, "!allocate 50");
  await samples(house, large.runnerId, 2);
  const used = (await memoryOf(house, small.runnerId)) + (await memoryOf(house, large.runnerId));
  await house.projects.updateProject({ name: "p", quota: { maxMemoryMb: BigInt(used + 100) } });
  await samples(house, large.runnerId, 2);
  expect(await exceeded(house)).toEqual([]);
  await house.send(small.sessionId, "!allocate 300\n!say still here");
  await house.status(large.runnerId, FAILED);
  await expect.poll(() => house.answer(small.sessionId)).toContain("still here");
  await samples(house, small.runnerId, 3);
  expect((await house.runner(small.runnerId)).status).toBe(RUNNING);
  expect(await exceeded(house)).toMatchObject([{ runnerId: large.runnerId, subject: "project:p" }]);
});

test("a runner's own limit is its own alone, and the stricter of two wins", async () => {
  const house = await limitedHouse({ maxMemoryMb: 4000n });
  const narrow = await talking(house, { maxMemoryMb: 400n });
  const wide = await talking(house);
  await house.say(wide.sessionId, "!allocate 500");
  await house.send(narrow.sessionId, "!allocate 500");
  const { reason } = await house.status(narrow.runnerId, FAILED);
  expect(reason).toMatch(/^quota max_memory_mb 400 exceeded: \d+ MiB/);
  expect(await exceeded(house)).toMatchObject([
    { runnerId: narrow.runnerId, subject: `runner:${narrow.runnerId}` },
  ]);
  expect((await house.runner(wide.runnerId)).status).toBe(RUNNING);
});

test("a new limit holds for runners that are live; 0 is none", async () => {
  const house = await limitedHouse({ maxMemoryMb: 0n });
  const { runnerId, sessionId } = await talking(house);
  await house.say(sessionId, "!allocate 300");
  await samples(house, runnerId, 2);
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
  await house.projects.updateProject({ name: "p", quota: { maxMemoryMb: 200n } });
  await house.status(runnerId, FAILED);
});

test("WARN: once a breach, again when it was over in between; a new figure takes the old one's place", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n }, { maxMemoryMb: QuotaAction.WARN });
  const { runnerId, sessionId } = await talking(house);
  await house.say(sessionId, "!allocate 500");
  await expect.poll(async () => (await exceeded(house)).length).toBe(1);
  await samples(house, runnerId, 3);
  expect(await exceeded(house)).toMatchObject([{ action: "warn", runnerId }]);
  await house.say(sessionId, "!allocate 0");
  await samples(house, runnerId, 3);
  await house.say(sessionId, "!allocate 600");
  await expect.poll(async () => (await exceeded(house)).length).toBe(2);
  const { warnings, status } = await house.runner(runnerId);
  expect(status).toBe(RUNNING);
  const [, second] = await exceeded(house);
  expect(warnings).toEqual([second!.message]);
});

test("INTERRUPT: the turn is cancelled, and each that begins while it goes on", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n }, { maxMemoryMb: QuotaAction.INTERRUPT });
  const { runnerId, sessionId } = await talking(house);
  const first = await house.send(sessionId, "!allocate 500\n!hang");
  expect(await house.over(sessionId, first.id)).toMatchObject({ state: TurnState.CANCELLED });
  const told = (await house.transcript(sessionId)).map(({ content }) => content).join("\n");
  expect(told).toContain("This turn is cancelled: quota max_memory_mb 400");
  const second = await house.send(sessionId, "!hang");
  expect(await house.over(sessionId, second.id)).toMatchObject({ state: TurnState.CANCELLED });
  await samples(house, runnerId, 3);
  expect((await exceeded(house)).map(({ action }) => action)).toEqual(["interrupt", "interrupt"]);
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
});

test("PAUSE: it is frozen with the reason, and again if it is resumed and still too large", async () => {
  const house = await limitedHouse({ maxMemoryMb: 400n }, { maxMemoryMb: QuotaAction.PAUSE });
  const { runnerId, sessionId } = await talking(house);
  const turn = await house.send(sessionId, "!allocate 500\n!say done");
  const paused = await house.status(runnerId, PAUSED);
  expect(paused.reason).toMatch(/^quota max_memory_mb 400 of project "p" exceeded: \d+ MiB$/);
  await samples(house, runnerId, 3);
  expect(await exceeded(house)).toMatchObject([{ action: "pause", runnerId }]);
  await house.runners.resumeRunner({ runnerId });
  await house.status(runnerId, PAUSED);
  expect((await exceeded(house)).length).toBe(2);
  await house.projects.updateProject({ name: "p", quota: { maxMemoryMb: 4000n } });
  const { runner } = await house.runners.resumeRunner({ runnerId });
  expect(runner).toMatchObject({ status: RUNNING, reason: "" });
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  await house.runners.pauseRunner({ runnerId });
  const stopped = await house.runners.stopRunner({ runnerId });
  expect(stopped.runner!.reason).toBe("stopped on request");
});

test("figures are of the whole tree, and the peak outlives the memory, the daemon and the runner", async () => {
  const house = await limitedHouse({});
  const { runnerId, sessionId } = await talking(house);
  await house.say(sessionId, "!allocate 300");
  const memory = () => memoryOf(house, runnerId);
  await expect.poll(memory).toBeGreaterThan(300);
  await house.say(sessionId, "!allocate 0");
  await expect.poll(memory).toBeLessThan(250);
  const peak = async () => {
    const { metrics } = await house.runners.getRunner({ runnerId, includeMetrics: true });
    return Number(metrics!.peakMemoryMb);
  };
  const most = await peak();
  expect(most).toBeGreaterThan(300);
  await house.close();
  await house.open();
  await samples(house, runnerId, 2);
  expect(await peak()).toBe(most);
  await house.runners.stopRunner({ runnerId });
  expect(await peak()).toBe(most);
  await house.runners.restartRunner({ runnerId });
  await house.status(runnerId, RUNNING);
  await expect.poll(memory).toBeGreaterThan(0);
  expect(await peak()).toBeLessThan(300);
});
