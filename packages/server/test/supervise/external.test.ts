import { create } from "@bufbuild/protobuf";
import { anyUnpack, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  EventType,
  HeartbeatRequestSchema,
  RunnerFailedSchema,
  RunnerStatus as Status,
  StopMethod,
} from "@stratavore/proto";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ExternalRunners } from "../../src/supervise/external/external-runners.js";
import { Heartbeats } from "../../src/supervise/heartbeats.js";
import { silentLog } from "../../src/supervise/log.js";
import { addProject, addRunner, openTemp } from "../store/fixtures.js";
import { type House, openHouse } from "./house.js";

const second = { seconds: 1n };

async function external(house: House, heartbeatTtl = { seconds: 60n }): Promise<string> {
  const { runner } = await house.runners.createRunner({ projectName: "p", external: true, heartbeatTtl });
  return runner!.id;
}

async function heard(house: House, heartbeatTtl?: { seconds: bigint }): Promise<string> {
  const runnerId = await external(house, heartbeatTtl);
  await house.runners.heartbeat({ runnerId });
  return runnerId;
}

/** Heartbeats of a runner until the function that is returned is called. */
function beats(house: House, runnerId: string): () => Promise<void> {
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      await house.runners.heartbeat({ runnerId });
      // Calls in process leave no room for anything else.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return () => {
    isOver = true;
    return done;
  };
}

describe("silence past the TTL", () => {
  test("fails a runner, with the TTL and when it was heard last; its session ends with it", async () => {
    const house = await openHouse();
    const runnerId = await heard(house, second);
    const { session } = await house.sessions.createSession({ runnerId });
    const { runner } = await house.runners.waitRunner({ runnerId });
    const last = new Date(timestampMs(runner!.lastHeartbeat!)).toISOString();
    const reason = `its owner sent no Heartbeat within its heartbeat_ttl of 1 s; the last one came at ${last}`;
    expect(runner).toMatchObject({ status: Status.FAILED, reason, sessionId: "" });
    const [failed] = await house.events(EventType.RUNNER_FAILED);
    expect(anyUnpack(failed!.payload!, RunnerFailedSchema)).toMatchObject({ reason });
    expect(await house.session(session!.id)).toMatchObject({ status: 3, reason });
  });

  test("fails one that was never heard of", async () => {
    const house = await openHouse();
    const runnerId = await external(house, second);
    const { runner } = await house.runners.waitRunner({ runnerId });
    expect(runner!.status).toBe(Status.FAILED);
    expect(runner!.reason).toContain("none ever came");
    expect(await house.events(EventType.RUNNER_STARTED)).toEqual([]);
  });

  test("ends the wait of a stop", async () => {
    const house = await openHouse();
    const runnerId = await heard(house, second);
    const { runner, method } = await house.runners.stopRunner({ runnerId, timeoutSeconds: 3600 });
    expect(runner!.status).toBe(Status.TERMINATED);
    expect(runner!.reason).toContain("stopped on request; its owner sent no Heartbeat");
    expect(method).toBe(StopMethod.UNCONFIRMED);
  });

  test("is not of a runner that is heard, nor of another one's TTL", async () => {
    const house = await openHouse();
    const silent = await heard(house, second);
    const patient = await heard(house);
    const lively = await heard(house, second);
    const stopBeats = beats(house, lively);
    await house.runners.waitRunner({ runnerId: silent });
    await stopBeats();
    for (const id of [patient, lively]) expect((await house.runner(id)).status).toBe(Status.RUNNING);
  });
});

describe("a new daemon", () => {
  test("gives every runner a whole TTL from its start, and fails who stays silent", async () => {
    const house = await openHouse();
    const ttl = { seconds: 2n };
    const silent = await heard(house, ttl);
    const unheard = await external(house, ttl);
    const lively = await heard(house, ttl);
    const patient = await heard(house);
    const last = timestampMs((await house.runner(patient)).lastHeartbeat!);
    await house.close();
    await expect.poll(() => Date.now() - last, { timeout: 10_000 }).toBeGreaterThan(2_000);
    await house.open();
    const opened = Date.now();
    expect(timestampMs((await house.runner(lively)).lastHeartbeat!)).toBeLessThanOrEqual(last);
    const stopBeats = beats(house, lively);
    for (const runnerId of [silent, unheard]) {
      const { runner } = await house.runners.waitRunner({ runnerId });
      expect(runner!.status).toBe(Status.FAILED);
      expect(timestampMs(runner!.endedAt!) - opened).toBeGreaterThan(1_900);
    }
    await stopBeats();
    for (const id of [patient, lively]) expect((await house.runner(id)).status).toBe(Status.RUNNING);
    expect(house.errors).toEqual([]);
  });

  test("sees stops to their end that an earlier one began", async () => {
    const house = await openHouse();
    const ids = [await heard(house), await heard(house)] as const;
    const stops = ids.map((runnerId) =>
      house.runners.stopRunner({ runnerId, timeoutSeconds: 3600 }).catch(() => {}),
    );
    for (const id of ids) await house.status(id, Status.STOPPING);
    await house.close();
    await Promise.all(stops);
    await house.open();
    const [told, untold] = ids;
    expect((await house.runners.heartbeat({ runnerId: told })).runner!.status).toBe(Status.STOPPING);
    const ended = await house.runners.heartbeat({ runnerId: told, ended: true });
    expect(ended.runner!.status).toBe(Status.TERMINATED);
    const { runner } = await house.runners.waitRunner({ runnerId: untold });
    expect(runner!.status).toBe(Status.TERMINATED);
    expect(runner!.reason).toContain("did not say within 10 s");
  });

  test("knows when runners were heard, to the last time that was written", async () => {
    const house = await openHouse();
    const runnerId = await heard(house);
    const { runner } = await house.runners.heartbeat({ runnerId });
    await house.close();
    await house.open();
    expect((await house.runner(runnerId)).lastHeartbeat).toEqual(runner!.lastHeartbeat);
  });
});

/** Runners of a store without a daemon, looked after on a clock of the test's. */
async function onClock() {
  const store = await openTemp({ dataDir: null });
  let now = 1_000;
  const externals = new ExternalRunners(store, silentLog, new Heartbeats(store), () => now);
  const add = (id: string, heartbeatTtlMs: number) =>
    store.transaction((tx) => {
      // As a new daemon finds it: silent for a day by what is stored.
      const createdAt = Date.now() - 86_400_000;
      return addRunner(tx, id, { external: true, heartbeatTtlMs, createdAt, spec: new Uint8Array() });
    });
  await store.transaction((tx) => addProject(tx));
  return {
    store,
    add,
    beat: (runnerId: string) => externals.heartbeat(create(HeartbeatRequestSchema, { runnerId })),
    status: (id: string) => store.read.runners.byId(id)!.status,
    /** Time passes, with a look each second. */
    async pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now = Math.min(now + 1_000, end);
        await externals.look();
      }
    },
    /** Time passes in which nothing can be heard. */
    async freeze(ms: number) {
      now += ms;
      await externals.look();
    },
  };
}

describe("on a clock of the test's", () => {
  test("a runner has its TTL, to the second, from the daemon's start or its last heartbeat", async () => {
    const { add, beat, status, pass } = await onClock();
    await add("a", 5_000);
    await add("b", 5_000);
    await pass(3_000);
    await beat("b");
    await pass(2_000);
    expect([status("a"), status("b")]).toEqual([Status.RUNNING, Status.RUNNING]);
    await pass(1_000);
    expect([status("a"), status("b")]).toEqual([Status.FAILED, Status.RUNNING]);
    await pass(2_000);
    expect(status("b")).toBe(Status.RUNNING);
    await pass(1_000);
    expect(status("b")).toBe(Status.FAILED);
  });

  test("time in which the daemon could not hear is nobody's silence", async () => {
    const { add, status, pass, freeze } = await onClock();
    await add("a", 5_000);
    await pass(4_000);
    await freeze(60_000);
    expect(status("a")).toBe(Status.RUNNING);
    await pass(5_000);
    expect(status("a")).toBe(Status.RUNNING);
    await pass(1_000);
    expect(status("a")).toBe(Status.FAILED);
  });

  test("a wall clock that is set back, or forth and back, gives nobody more time", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const { add, store, beat, status, pass } = await onClock();
    await add("a", 5_000);
    const written = () => store.transaction((tx) => tx.runners.heartbeat("a", Date.now()));
    const hour = 3_600_000;
    await pass(1_000);
    vi.setSystemTime(Date.now() + hour);
    await beat("a");
    await written();
    await pass(1_000);
    vi.setSystemTime(Date.now() - 2 * hour);
    await pass(4_000);
    expect(status("a")).toBe(Status.RUNNING);
    await pass(1_000);
    expect(status("a")).toBe(Status.FAILED);
  });
});
