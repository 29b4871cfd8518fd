import { QuotaAction } from "@stratavore/proto";
import { expect, test } from "vitest";
import { LimitState } from "../../../src/supervise/quotas/limit-state.js";

const { WARN, STOP } = QuotaAction;

test("what has to be above a limit for several samples is not at a spike, nor after a pause in between", () => {
  const state = new LimitState(3);
  const due = (...values: number[]) => values.map((value) => state.observe(value, 100, WARN));
  expect(due(101, 500, 100, 101, 101, 100.5)).toEqual([false, false, false, false, false, true]);
});

test("what was done is forgotten below 90 % of the limit, and not before", () => {
  const state = new LimitState(1);
  expect(state.observe(101, 100, STOP)).toBe(true);
  state.acted("r", "done");
  for (const value of [100, 90, 150, 99]) state.observe(value, 100, STOP);
  expect(state.done.get("r")).toBe("done");
  state.observe(89, 100, STOP);
  expect(state.done.size).toBe(0);
});

test("something that was done gets as many samples to show", () => {
  const state = new LimitState(2);
  expect([200, 200].map((value) => state.observe(value, 100, STOP))).toEqual([false, true]);
  state.acted("r", "done");
  expect([200, 200].map((value) => state.observe(value, 100, STOP))).toEqual([false, true]);
});

test("another limit or another action is another breach", () => {
  const state = new LimitState(1);
  state.observe(200, 100, WARN);
  state.acted("r", "done");
  state.observe(200, 100, WARN);
  expect(state.done.size).toBe(1);
  expect(state.observe(200, 150, WARN)).toBe(true);
  expect(state.done.size).toBe(0);
  state.acted("r", "done");
  expect(state.observe(200, 150, STOP)).toBe(true);
  expect(state.done.size).toBe(0);
});

test("no limit is never exceeded", () => {
  expect(new LimitState(1).observe(Number.MAX_VALUE, 0, STOP)).toBe(false);
});
