import { expect, test } from "vitest";
import { StoreError } from "../../../src/store/index.js";
import { untilStored } from "../../../src/supervise/runner/until-stored.js";

function patience() {
  const calls: string[] = [];
  const closing = new AbortController();
  return {
    calls,
    closing,
    signal: closing.signal,
    failing: () => void calls.push("failing"),
    waiting: async () => void calls.push("waiting"),
    recovered: () => void calls.push("recovered"),
  };
}

test("an outage is told once, waited out, and its end is told", async () => {
  const given = patience();
  let failures = 2;
  const value = await untilStored(async () => {
    if (failures-- > 0) throw new StoreError("disk_full", "no room");
    return 5;
  }, given);
  expect(value).toBe(5);
  expect(given.calls).toEqual(["failing", "waiting", "waiting", "recovered"]);
});

test.for([
  new TypeError("a fault"),
  new StoreError("constraint", "broken"),
  new StoreError("closed", "shut"),
  new StoreError("fenced", "another"),
])("%s is not waited out", async (error) => {
  const given = patience();
  await expect(untilStored(() => Promise.reject(error), given)).rejects.toBe(error);
  expect(given.calls).toEqual([]);
});

test("the end of the daemon ends the waiting", async () => {
  const given = patience();
  const waiting = untilStored(() => Promise.reject(new StoreError("io", "no")), given);
  given.closing.abort(new Error("closing"));
  await expect(waiting).rejects.toThrow();
});
