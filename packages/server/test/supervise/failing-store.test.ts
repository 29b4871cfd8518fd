import { existsSync } from "node:fs";
import { RunnerStatus } from "@stratavore/proto";
import type Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { AgentProfile } from "../../src/agents/index.js";
import { type Bench, openBench } from "./bench.js";

const { RUNNING, TERMINATED, FAILED } = RunnerStatus;
const chunks = (count: number) => Array.from({ length: count }, (_, n) => `chunk ${n + 1}\n`).join("");

/** Takes what room is left, so that the next write that grows the file fails. */
const takeRoom = (writer: Database.Database) => {
  writer.pragma("wal_checkpoint(TRUNCATE)");
  writer.pragma(`max_page_count = ${writer.pragma("page_count", { simple: true }) as number}`);
};
const giveRoom = (writer: Database.Database) => writer.pragma("max_page_count = 1000000");

const shell: AgentProfile = { name: "exec", title: "exec", protocol: "exec", command: [] };
const failing = (bench: Bench) => bench.errors.filter(({ message }) => /cannot be stored/.test(message));

test("what agents say while the disk is full is stored once there is room, each word once", async () => {
  const bench = await openBench();
  const id = await bench.create(bench.plain(), [], "!say ready\n");
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toBe("ready");
  const turnId = await bench.send(id, sessionId, "!chunks 600 2\n!tool\n!usage 7 8");
  await expect.poll(() => bench.answer(sessionId)).toContain("chunk 20\n");
  for (let outage = 0; outage < 2; outage++) {
    const before = failing(bench).length;
    takeRoom(bench.writer);
    await expect.poll(() => failing(bench).length).toBeGreaterThan(before);
    giveRoom(bench.writer);
    await expect
      .poll(() => bench.logged.filter(({ message }) => /is stored/.test(message)).length)
      .toBe(outage + 1);
  }
  await expect.poll(() => bench.store.read.turns.byId(turnId)!.endedAt).not.toBeNull();
  expect(bench.answer(sessionId)).toBe(`ready${chunks(600)}`);
  // Said once for an outage, not once for a try.
  expect(failing(bench).length).toBe(2);
});

test("an agent that ends while the disk is full is recorded as ended once there is room", async () => {
  const bench = await openBench();
  const gate = `${bench.root}/gate`;
  const script = `echo before; while [ ! -e ${gate} ]; do sleep 0.02; done; i=0; while [ $i -lt 2000 ]; do echo "line $i of the last words"; i=$((i+1)); done; exit 4`;
  const id = await bench.create(shell, ["/bin/sh", "-c", script]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toBe("before\n");
  const { exited } = bench.supervisor.controller(id)!.process;
  takeRoom(bench.writer);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(gate, "");
  await exited;
  await expect.poll(() => failing(bench).length).toBeGreaterThan(0);
  expect(bench.runner(id).status).toBe(RUNNING);
  giveRoom(bench.writer);
  expect(await bench.status(id, FAILED)).toMatchObject({ exitCode: 4 });
  const lines = Array.from({ length: 2000 }, (_, n) => `line ${n} of the last words\n`).join("");
  expect(bench.answer(sessionId)).toBe(`before\n${lines}`);
  await expect.poll(() => existsSync(`${bench.root}/runners/${id}`)).toBe(false);
});

test("a runner whose start cannot be recorded leaves no process, and is FAILED once there is room", async () => {
  const bench = await openBench();
  const { driver } = bench.supervisor.options;
  const start = driver.start.bind(driver);
  // Between the intent and the record of the start the disk stops taking writes.
  driver.start = async (spec) => {
    const process = await start(spec);
    bench.writer.pragma("query_only = ON");
    return process;
  };
  const id = await bench.create(shell, ["/bin/sleep", "600"]);
  const { nonce } = bench.store.read.processes.get(id)!;
  await expect
    .poll(() => bench.logged.some(({ message }) => /failed start cannot be stored/.test(message)))
    .toBe(true);
  expect((await driver.carriers()).has(nonce)).toBe(false);
  bench.writer.pragma("query_only = OFF");
  expect((await bench.status(id, FAILED)).reason).toMatch(/could not be started/);
});

test("closing does not wait for a disk that stays full", async () => {
  const bench = await openBench();
  const id = await bench.create(shell, ["/bin/sh", "-c", "while :; do echo more and more; sleep 0.01; done"]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toContain("more");
  takeRoom(bench.writer);
  await expect.poll(() => failing(bench).length).toBeGreaterThan(0);
  await bench.supervisor.close();
  giveRoom(bench.writer);
  expect(bench.runner(id).status).toBe(RUNNING);
});

test("a fault in applying what an agent said costs its runner, says so, and nothing else", async () => {
  const bench = await openBench();
  const sound = await bench.create(shell, ["/bin/sh", "-c", "sleep 600"]);
  const gate = `${bench.root}/gate`;
  const id = await bench.create(shell, [
    "/bin/sh",
    "-c",
    `echo good; while [ ! -e ${gate} ]; do sleep 0.02; done; echo bad; sleep 600`,
  ]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toBe("good\n");
  const { adapter } = bench.supervisor.controller(id)!;
  const { receive } = adapter;
  adapter.receive = (line) => {
    if (line.text === "bad")
      return { updates: [{ kind: "title", sessionId, title: Symbol() as never }], send: [] };
    return receive(line);
  };
  const { writeFileSync } = await import("node:fs");
  writeFileSync(gate, "");
  const failed = await bench.status(id, FAILED);
  expect(failed.reason).toMatch(/could not be processed/);
  expect(bench.errors.some(({ message }) => /could not be processed/.test(message))).toBe(true);
  const notices = bench.messages(sessionId).filter(({ role }) => role === "system");
  expect(notices.map(({ content }) => content)).toEqual([
    expect.stringMatching(/1 lines? of the agent could not/),
  ]);
  expect(bench.runner(sound).status).toBe(RUNNING);
  const { report } = await bench.supervisor.stopRunner(
    sound,
    { force: true, graceMs: 0 },
    new AbortController().signal,
  );
  expect(report?.left).toEqual([]);
  expect(bench.runner(sound).status).toBe(TERMINATED);
});

test("an agent that gets too far ahead of what can be stored is ended, and what it said is kept", async () => {
  const bench = await openBench({ maxUnreadBytes: 200_000 });
  const id = await bench.create(shell, [
    "/bin/sh",
    "-c",
    "echo start; while :; do seq 1 5000; sleep 0.02; done",
  ]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toContain("start");
  takeRoom(bench.writer);
  await expect.poll(() => failing(bench).length).toBeGreaterThan(0);
  await bench.supervisor.controller(id)?.process.exited;
  giveRoom(bench.writer);
  const failed = await bench.status(id, FAILED);
  expect(failed.reason).toMatch(/faster than it could be stored: \d+ bytes wait unread/);
  const last = bench.messages(sessionId).at(-1)!;
  expect(last).toMatchObject({
    role: "system",
    content: expect.stringMatching(/\d+ bytes .* are missing here/),
  });
  expect(bench.answer(sessionId).length).toBeGreaterThan(200_000);
});
