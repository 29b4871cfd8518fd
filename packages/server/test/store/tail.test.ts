import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Tail } from "../../src/store/tail.js";
import { addEvent, addProject, addRunner, addSession, openTemp } from "./fixtures.js";

/** Whether a promise has settled by the end of this turn of the event loop. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = () => {
    done = true;
  };
  promise.then(note, note);
  await turn();
  return done;
}

describe("a waiter", () => {
  test("wakes for its topics and no other", async () => {
    const tail = new Tail();
    const waiter = tail.changed(["a", "b"]);
    const wait = waiter.wait();
    tail.notify(["c"]);
    expect(await settled(wait)).toBe(false);
    tail.notify(["b"]);
    await wait;
  });

  test("does not miss what happens between two waits, and counts it once", async () => {
    const tail = new Tail();
    const waiter = tail.changed(["a"]);
    tail.notify(["a"]);
    tail.notify(["a"]);
    await waiter.wait();
    expect(await settled(waiter.wait())).toBe(false);
  });

  test("waits no longer than it is told to, leaves nothing of that, and misses nothing after it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const tail = new Tail();
    const waiter = tail.changed(["a"]);
    const short = waiter.wait(1_000);
    vi.advanceTimersByTime(1_000);
    await short;
    // A promise that stays pending would keep what hangs on it, once for each wait.
    const next = waiter.wait(1_000);
    expect(next).not.toBe(short);
    vi.advanceTimersByTime(999);
    expect(await settled(next)).toBe(false);
    tail.notify(["a"]);
    await next;
    expect(vi.getTimerCount()).toBe(0);
    const last = waiter.wait(1_000);
    waiter.close();
    await expect(last).rejects.toMatchObject({ kind: "closed" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not see what happened before it was made", async () => {
    const tail = new Tail();
    tail.changed(["a"]);
    tail.notify(["a"]);
    expect(await settled(tail.changed(["a"]).wait())).toBe(false);
  });

  test("rejects with the signal's reason, before or during a wait, and lets the signal go", async () => {
    const tail = new Tail();
    const control = new AbortController();
    const waiter = tail.changed(["a"], control.signal);
    const wait = waiter.wait();
    expect(getEventListeners(control.signal, "abort")).toHaveLength(1);
    control.abort(new Error("enough"));
    await expect(wait).rejects.toThrow("enough");
    await expect(waiter.wait()).rejects.toThrow("enough");
    await expect(tail.changed(["a"], control.signal).wait()).rejects.toThrow("enough");
    expect(getEventListeners(control.signal, "abort")).toHaveLength(0);
  });

  test("ends when it or its tail is closed", async () => {
    const tail = new Tail();
    const closed = tail.changed(["a"]);
    const wait = closed.wait();
    closed.close();
    await expect(wait).rejects.toMatchObject({ kind: "closed" });
    const other = tail.changed(["a"]).wait();
    tail.close();
    await expect(other).rejects.toMatchObject({ kind: "closed" });
    await expect(tail.changed(["a"]).wait()).rejects.toMatchObject({ kind: "closed" });
  });

  test("is one of ten thousand that all wake, while those that do not wait cost nothing to wake", async () => {
    const tail = new Tail();
    const waiters = Array.from({ length: 10_000 }, () => tail.changed(["events", "mine"]));
    const waits = waiters.map((waiter) => waiter.wait());
    tail.notify(["events"]);
    await Promise.all(waits);
    for (const waiter of waiters) waiter.close();
    tail.notify(["events"]);
  });
});

describe("the tail of a store", () => {
  test("wakes the topics of what was committed", async () => {
    const store = await openTemp();
    await store.transaction((tx) => addProject(tx));
    const woken = async (topic: string, job: Parameters<typeof store.transaction>[0]) => {
      const waiter = store.tail.changed([topic]);
      const wait = waiter.wait();
      await store.transaction(job);
      const result = await settled(wait);
      wait.catch(() => undefined);
      waiter.close();
      return result;
    };
    expect(await woken("runner:runner_1", (tx) => addRunner(tx, "runner_1"))).toBe(true);
    expect(await woken("session:session_1", (tx) => addSession(tx, "session_1"))).toBe(true);
    expect(await woken("events", (tx) => addEvent(tx))).toBe(true);
    expect(await woken("runner:runner_1", (tx) => tx.runners.update("runner_1", { reason: "x" }))).toBe(true);
    expect(await woken("runner:runner_1", (tx) => tx.runners.heartbeat("runner_1", 1))).toBe(false);
    const message = { sessionId: "session_1", role: "user", parts: new Uint8Array() };
    expect(await woken("session:session_1", (tx) => tx.messages.append(message))).toBe(true);
    expect(
      await woken("session:session_1", (tx) => tx.chunks.append("session_1", 1n, new Uint8Array([1]))),
    ).toBe(true);
    expect(await woken("session:session_2", (tx) => tx.messages.append(message))).toBe(false);
    expect(await woken("my-topic", (tx) => tx.wake("my-topic"))).toBe(true);
  });

  test("does not wake for a job that was undone", async () => {
    const store = await openTemp();
    const waiter = store.tail.changed(["events", "mine"]);
    const wait = waiter.wait();
    const job = store.transaction((tx) => {
      addEvent(tx);
      tx.wake("mine");
      throw new Error("no");
    });
    await expect(job).rejects.toThrow("no");
    expect(await settled(wait)).toBe(false);
    wait.catch(() => undefined);
  });

  test("lets fifty followers read every event in order, whatever they miss while they read", async () => {
    const store = await openTemp();
    const total = 2000;
    const follow = async (lag: number) => {
      const waiter = store.tail.changed(["events"]);
      const seen: bigint[] = [];
      while (seen.length < total) {
        const events = store.read.events.after(seen.at(-1) ?? 0n, { limit: 37 });
        seen.push(...events.map((event) => event.seq));
        if (events.length === 0) await waiter.wait();
        for (let n = 0; n < lag; n++) await turn();
      }
      waiter.close();
      return seen;
    };
    const followers = Array.from({ length: 50 }, (_, n) => follow(n % 4));
    const write = async () => {
      for (let n = 0; n < total / 8; n++) await store.transaction((tx) => addEvent(tx));
    };
    await Promise.all(Array.from({ length: 8 }, write));
    const expected = Array.from({ length: total }, (_, n) => BigInt(n + 1));
    for (const seen of await Promise.all(followers)) expect(seen).toEqual(expected);
  }, 60_000);

  test("ends every wait when the store is closed", async () => {
    const store = await openTemp();
    const wait = store.tail.changed(["events"]).wait();
    const refused = expect(wait).rejects.toMatchObject({ kind: "closed" });
    await store.close();
    await refused;
  });
});
