import { Code, ConnectError } from "@connectrpc/connect";
import { EventType, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "./house.js";

const { STARTING, TERMINATED, FAILED, STOPPING } = RunnerStatus;
type House = Awaited<ReturnType<typeof openHouse>>;

async function created(house: House, agent: string, args: string[] = []) {
  const { runner } = await house.runners.createRunner({ projectName: "p", spec: { agent, args } });
  return runner!.id;
}

test("a stop before there is anything to stop, and of an agent that never answered", async () => {
  const house = await openHouse({ silent: { on: { start: { block: true } } } });
  for (const agent of ["plain", "silent"]) {
    const runnerId = await created(house, agent);
    expect((await house.runner(runnerId)).status).toBe(STARTING);
    const { runner } = await house.runners.stopRunner({ runnerId, timeoutSeconds: 1 });
    expect(runner).toMatchObject({ status: TERMINATED, reason: "stopped on request" });
  }
  await expect(house.runners.stopRunner({ runnerId: "runner_x" })).rejects.toMatchObject({
    code: Code.NotFound,
  });
  expect(await house.carriers()).toEqual([]);
  expect(house.errors).toEqual([]);
});

test("stops that come together all succeed; a forced one cuts the others short", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.send(sessionId, "!ignore-sigterm\n!ignore-eof\n!ignore-cancel\n!say ready\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  const patient = house.runners.stopRunner({ runnerId, timeoutSeconds: 600 });
  await house.status(runnerId, STOPPING);
  const again = house.runners.stopRunner({ runnerId, timeoutSeconds: 600 });
  const forced = house.runners.stopRunner({ runnerId, force: true });
  for (const { runner } of await Promise.all([patient, again, forced])) {
    expect(runner).toMatchObject({ status: TERMINATED, exitCode: 137 });
  }
  expect((await house.events(EventType.RUNNER_STOPPED)).length).toBe(1);
  // What has stopped is stopped once more with success, and nothing happens.
  expect((await house.runners.stopRunner({ runnerId })).runner?.status).toBe(TERMINATED);
  expect((await house.events(EventType.RUNNER_STOPPED)).length).toBe(1);
});

test("a program that ends while it is being stopped ends once, whatever comes first", async () => {
  const house = await openHouse();
  const ids: string[] = [];
  for (let round = 0; round < 20; round++) {
    const runnerId = await created(house, "exec", ["/bin/sh", "-c", `sleep 0.0${round % 10}; exit 3`]);
    ids.push(runnerId);
    if (round % 2 === 0)
      await expect.poll(async () => (await house.runner(runnerId)).status).not.toBe(STARTING);
    const { runner } = await house.runners.stopRunner({ runnerId, timeoutSeconds: 5 });
    expect([TERMINATED, FAILED]).toContain(runner!.status);
  }
  const ends = await house.events(EventType.RUNNER_STOPPED, EventType.RUNNER_FAILED);
  expect(ends.map(({ runnerId }) => runnerId).sort()).toEqual(ids.sort());
  expect(await house.carriers()).toEqual([]);
  expect(house.errors).toEqual([]);
});

test("a stop goes on when its caller has given up", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.send(sessionId, "!ignore-sigterm\n!ignore-eof\n!say ready\n!block");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  const error = await house.runners
    .stopRunner({ runnerId, timeoutSeconds: 2 }, { timeoutMs: 200 })
    .catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.DeadlineExceeded });
  await house.status(runnerId, TERMINATED);
});
