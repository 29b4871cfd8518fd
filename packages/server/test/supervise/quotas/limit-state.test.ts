import { QuotaAction } from "@stratavore/proto";
import { expect, test } from "vitest";
import { LimitState } from "../../../src/supervise/quotas/limit-state.js";
import type { RunnerController } from "../../../src/supervise/runner/controller.js";

const { WARN, STOP } = QuotaAction;
const runner = {} as RunnerController;

test("what has to be above a limit for several samples is not at a spike, nor after a pause in between", () => {
  const state = new LimitState(3);
  const due = (...values: number[]) => values.map((value) => state.observe(value, 100, WARN));
  expect(due(101, 500, 100, 101, 101, 100.5)).toEqual([false, false, false, false, false, true]);
});

test("what was done is forgotten below 90 % of the limit, and not before", () => {
  const state = new LimitState(1);
  expect(state.observe(101, 100, STOP)).toBe(true);
  state.acted(runner, "done");
  for (const value of [100, 90, 150, 99]) state.observe(value, 100, STOP);
  expect([state.doneTo(runner), state.isActedOn]).toEqual(["done", true]);
  state.observe(89, 100, STOP);
  expect([state.doneTo(runner), state.isActedOn]).toEqual([undefined, false]);
});

test("something that was done gets as many samples to show", () => {
  const state = new LimitState(2);
  expect([200, 200].map((value) => state.observe(value, 100, STOP))).toEqual([false, true]);
  state.acted(runner, "done");
  expect([200, 200].map((value) => state.observe(value, 100, STOP))).toEqual([false, true]);
});

test("another limit or another action is another breach", () => {
  const state = new LimitState(1);
  state.observe(200, 100, WARN);
  state.acted(runner, "done");
  state.observe(200, 100, WARN);
  expect(state.isActedOn).toBe(true);
  expect(state.observe(200, 150, WARN)).toBe(true);
  expect([state.doneTo(runner), state.isActedOn]).toEqual([undefined, false]);
  state.acted(runner, "done");
  expect(state.observe(200, 150, STOP)).toBe(true);
  expect([state.doneTo(runner), state.isActedOn]).toEqual([undefined, false]);
});

test("what was done to a runner was not done to the one it is after a restart", () => {
  const state = new LimitState(1);
  state.observe(200, 100, STOP);
  state.acted(runner, "done");
  expect(state.doneTo({} as RunnerController)).toBe(undefined);
});

test("no limit is never exceeded", () => {
  expect(new LimitState(1).observe(Number.MAX_VALUE, 0, STOP)).toBe(false);
});
