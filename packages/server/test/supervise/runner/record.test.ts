import { expect, test } from "vitest";
import { silentLog } from "../../../src/supervise/log.js";
import { nothing } from "../../../src/supervise/runner/dispatch.js";
import { RunnerMemory } from "../../../src/supervise/runner/memory.js";
import type { OutboxLine } from "../../../src/supervise/runner/outbox.js";
import { RunnerRecord } from "../../../src/supervise/runner/record.js";
import { addProject, addRunner, addSession, openWithWriter } from "../../store/fixtures.js";

async function bench() {
  const { store, writer } = await openWithWriter();
  const memory = RunnerMemory.first({ protocol: "acp" }, "");
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1");
    addSession(tx, "session_1");
    tx.processes.insert({
      runnerId: "runner_1",
      dir: "/x",
      nonce: "n",
      state: "started",
      adapterState: memory.snapshot(),
    });
  });
  const sent: OutboxLine[] = [];
  const record = new RunnerRecord({
    store,
    log: silentLog,
    runnerId: "runner_1",
    memory,
    closing: new AbortController().signal,
    committed: (lines) => sent.push(...lines),
  });
  const stored = () => RunnerMemory.load(store.read.processes.get("runner_1")!).stored;
  const lines = () => stored().outbox.lines.map(({ text }) => text);
  return { store, writer, record, sent, stored, lines };
}

const say = (record: RunnerRecord, ...lines: string[]) => record.change(() => ({ ...nothing(), lines }));

test("lines are in the outbox from their commit on, and leave it with the commit after they were written", async () => {
  const { record, sent, lines } = await bench();
  await say(record, "one", "two");
  expect(sent.map(({ text }) => text)).toEqual(["one", "two"]);
  expect(lines()).toEqual(["one", "two"]);
  record.written(sent[0]!.id);
  await say(record, "three");
  expect(lines()).toEqual(["two", "three"]);
  for (const { id } of sent) record.written(id);
  await record.settle();
  expect(lines()).toEqual([]);
});

test("a line that is written while another job commits leaves the outbox with the next one", async () => {
  const { record, sent, lines } = await bench();
  await say(record, "one");
  const meanwhile = record.change(() => {
    record.written(sent[0]!.id);
    return nothing();
  });
  await meanwhile;
  expect(lines()).toEqual(["one"]);
  await record.settle();
  expect(lines()).toEqual([]);
});

test("after a job that failed, what was written stays struck, and its own changes are gone from the memory", async () => {
  const { record, sent, lines } = await bench();
  await say(record, "one");
  record.written(sent[0]!.id);
  const fault = new Error("not this");
  const failing = record.change((tx, memory) => {
    memory.stored.stderrTail = "ran ahead";
    memory.writer(tx, "session_1").text(tx, null, "lost");
    throw fault;
  });
  await expect(failing).rejects.toBe(fault);
  await record.change((tx, memory) => {
    expect(memory.stored.stderrTail).toBe("");
    memory.writer(tx, "session_1").text(tx, null, "kept");
    return nothing();
  });
  expect(lines()).toEqual([]);
  expect(sent.length).toBe(1);
  expect(record.memory.stored.stderrTail).toBe("");
});

test("a job that the store runs again starts from what is stored, and is sent once", async () => {
  const { store, writer, record, sent, lines } = await bench();
  const used = writer.pragma("page_count", { simple: true }) as number;
  writer.pragma(`max_page_count = ${used + 4}`);
  let runs = 0;
  // Both jobs share a commit; the second one fills the disk, so the first one is run again alone.
  const first = record.change((tx, memory) => {
    runs++;
    memory.stored.stderrTail += "x";
    memory.writer(tx, "session_1").text(tx, null, "once");
    return { ...nothing(), lines: ["hello"] };
  });
  await null;
  const second = store.transaction((tx) =>
    tx.projects.insert({ uid: "big", name: "big", path: "/", config: new Uint8Array(200_000) }),
  );
  await expect(second).rejects.toMatchObject({ kind: "disk_full" });
  await first;
  expect(runs).toBe(2);
  expect(record.memory.stored.stderrTail).toBe("x");
  expect(sent.map(({ text }) => text)).toEqual(["hello"]);
  expect(lines()).toEqual(["hello"]);
  expect(store.read.chunks.after("session_1", 1n, 0).length).toBe(1);
});

test("jobs run one after another, and what they lead to is sent in their order", async () => {
  const { record, sent } = await bench();
  await Promise.all(Array.from({ length: 50 }, (_, n) => say(record, String(n))));
  expect(sent.map(({ text }) => text)).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(50);
});
