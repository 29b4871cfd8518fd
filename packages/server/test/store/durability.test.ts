import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { openWriter } from "../../src/store/connection.js";
import { StoreChild } from "./child.js";
import { addEvent, addProject, oneTo, openTemp, openWithWriter, seqs, tempDir } from "./fixtures.js";

const patient = { timeout: 20_000, interval: 20 };

test("the writing connection has every durability setting", async () => {
  const { writer } = await openWithWriter();
  const pragma = (name: string) => writer.pragma(name, { simple: true });
  expect(pragma("journal_mode")).toBe("wal");
  expect(pragma("synchronous")).toBe(2);
  expect(pragma("foreign_keys")).toBe(1);
  expect(pragma("busy_timeout")).toBe(1000);
});

test("the settings hold for a file that was made without them", () => {
  const file = join(tempDir(), "plain.db");
  const writer = openWriter(file);
  expect(writer.pragma("synchronous", { simple: true })).toBe(2);
  writer.close();
});

test("files are for their owner alone", async () => {
  const store = await openTemp();
  await store.transaction((tx) => addProject(tx));
  const dir = dirname(store.file!);
  for (const name of ["stratavore.db", "stratavore.db-wal", "stratavore.db-shm", "lock.db"]) {
    expect.soft(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600);
  }
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

test("kill -9 loses nothing that was acknowledged, and leaves no gap", async () => {
  const dir = tempDir();
  let expected = 0;
  for (let round = 1; round <= 3; round++) {
    const child = new StoreChild(dir, "write");
    await vi.waitFor(() => expect(child.lines.length).toBeGreaterThan(200), patient);
    await child.kill();
    const [first, ...acknowledged] = child.lines;
    expect(first).toBe(`open ${round}`);
    expected = Math.max(expected, ...acknowledged.map(Number));
  }
  const store = await openTemp({ dataDir: dir });
  const stored = seqs(store);
  expect(stored.length).toBeGreaterThanOrEqual(expected);
  expect(stored).toEqual(oneTo(stored.length));
  expect(await store.transaction((tx) => addEvent(tx))).toBe(BigInt(stored.length + 1));
}, 60_000);
