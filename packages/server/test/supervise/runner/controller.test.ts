import { expect, test } from "vitest";
import { nothing } from "../../../src/supervise/runner/dispatch.js";
import { cancelTurn } from "../../../src/supervise/runner/leave.js";
import { RunnerMemory } from "../../../src/supervise/runner/memory.js";
import { type Bench, openBench } from "../bench.js";

async function hanging(bench: Bench) {
  const id = await bench.create(bench.plain(), [], "!ignore-cancel\n!say ready\n!hang");
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toBe("ready");
  const controller = bench.supervisor.controller(id)!;
  const outbox = () => RunnerMemory.load(bench.store.read.processes.get(id)!).stored.outbox.lines;
  const cancel = () =>
    controller.change((tx, memory) => {
      const lines = cancelTurn(tx, tx.sessions.byId(sessionId)!, memory);
      return { value: lines.length, out: { ...nothing(), lines } };
    });
  return { id, sessionId, controller, outbox, cancel };
}

test("what was written before a close in order is not left to be written by the next daemon", async () => {
  const bench = await openBench();
  const { controller, outbox, cancel } = await hanging(bench);
  expect(await cancel()).toBe(1);
  expect(outbox().map(({ text }) => JSON.parse(text).method)).toEqual(["session/cancel"]);
  // Done once all that was queued before it is.
  await controller.process.write(new Uint8Array(0));
  await bench.supervisor.close();
  expect(outbox()).toEqual([]);
});

test("once closed, nothing more is promised to the agent", async () => {
  const bench = await openBench();
  const { cancel, outbox, sessionId } = await hanging(bench);
  await bench.supervisor.close();
  await expect(cancel()).rejects.toMatchObject({ code: "unavailable" });
  expect(outbox()).toEqual([]);
  expect(bench.store.read.turns.running(sessionId)).toBeDefined();
});

test("an ended runner leaves nothing behind in memory, on disk or in the record of processes", async () => {
  const bench = await openBench();
  const { id } = await hanging(bench);
  await bench.supervisor.stopRunner(id, { force: true, graceMs: 0 }, new AbortController().signal);
  await expect.poll(() => [...bench.supervisor.controllers()].length).toBe(0);
  expect(bench.store.read.processes.all()).toEqual([]);
  const { readdirSync } = await import("node:fs");
  await expect.poll(() => readdirSync(`${bench.root}/runners`)).toEqual([]);
});
