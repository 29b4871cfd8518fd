import { copyFileSync, cpSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { identifyFile, takeOver } from "../../src/store/identity.js";
import { openStore } from "../../src/store/index.js";
import { addEvent, addProject, openTemp, openWithWriter, seqs, tempDir, withRaw } from "./fixtures.js";

const metaOf = (file: string) =>
  withRaw(file, (raw) =>
    Object.fromEntries(raw.prepare("SELECT key, value FROM meta").raw().all() as [string, string][]),
  );

test("each opening is another generation of the same epoch", async () => {
  const dataDir = tempDir();
  const epochs = new Set<string>();
  for (let generation = 1; generation <= 3; generation++) {
    const store = await openStore({ dataDir });
    expect(store.generation).toBe(generation);
    epochs.add(store.epoch);
    await store.close();
  }
  expect(epochs.size).toBe(1);
  expect([...epochs][0]).toMatch(/^[0-9a-f]{12}$/);
});

test("a store whose file was taken over writes no more, and says so", async () => {
  const { store, writer } = await openWithWriter();
  await store.transaction((tx) => addProject(tx));
  takeOver(writer, identifyFile(store.file!));
  const jobs = await Promise.allSettled([
    store.transaction((tx) => addProject(tx, "beta")),
    store.transaction((tx) => addProject(tx, "gamma")),
  ]);
  for (const job of jobs) expect(job).toMatchObject({ reason: { kind: "fenced" } });
  expect(store.read.projects.names()).toEqual(["alpha"]);
  const file = store.file!;
  await store.close();
  // It must not vouch for a file that is another's.
  expect(metaOf(file)).not.toHaveProperty("clean");
});

test("the mark of a clean stop is there while the store is closed, and only then", async () => {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  await store.transaction((tx) => addProject(tx));
  const other = withRaw(store.file!, (raw) => raw.prepare("SELECT 1 FROM meta WHERE key = 'clean'").get());
  expect(other).toBeUndefined();
  await store.close();
  expect(metaOf(join(dataDir, "stratavore.db"))).toHaveProperty("clean", "1");
  // The log was written back into the file, so that the file alone is everything.
  expect(statSync(join(dataDir, "stratavore.db-wal"), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
});

test("a copied directory has another epoch, and the original keeps its own", async () => {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  await store.transaction((tx) => addEvent(tx));
  await store.close();
  const copyDir = join(tempDir(), "copy");
  cpSync(dataDir, copyDir, { recursive: true });
  const copy = await openTemp({ dataDir: copyDir });
  expect(copy.epoch).not.toBe(store.epoch);
  expect(seqs(copy)).toEqual([1n]);
  const again = await openTemp({ dataDir });
  expect(again.epoch).toBe(store.epoch);
});

test("a file that comes from another machine has another epoch", async () => {
  const { writer } = await openWithWriter();
  const here = { inode: "1", born: "1", machine: "here" };
  const first = takeOver(writer, here);
  expect(takeOver(writer, here).epoch).toBe(first.epoch);
  const moved = takeOver(writer, { ...here, machine: "there" });
  expect(moved.epoch).not.toBe(first.epoch);
  // A system that does not say is no proof of a move.
  expect(takeOver(writer, { ...here, machine: null, born: null }).epoch).toBe(moved.epoch);
  expect(takeOver(writer, { inode: "1", born: "2", machine: "there" }).epoch).not.toBe(moved.epoch);
});

test("a backup is whole, private and of another epoch, also when it goes back into its own file", async () => {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  await Promise.all(Array.from({ length: 500 }, () => store.transaction((tx) => addEvent(tx))));
  const path = join(tempDir(), "copy.db");
  const backup = store.backup(path);
  const more = Array.from({ length: 100 }, () => store.transaction((tx) => addEvent(tx)));
  await Promise.all([backup, ...more]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await store.close();

  copyFileSync(path, join(dataDir, "stratavore.db"));
  const restored = await openTemp({ dataDir });
  expect(restored.epoch).not.toBe(store.epoch);
  const kept = seqs(restored).length;
  expect(kept).toBeGreaterThanOrEqual(500);
  expect(kept).toBeLessThanOrEqual(600);
  expect(await restored.transaction((tx) => addEvent(tx))).toBe(BigInt(kept + 1));
});

test("a backup does not overwrite, and a failed one leaves nothing", async () => {
  const store = await openTemp();
  const path = join(tempDir(), "copy.db");
  await store.backup(path);
  await expect(store.backup(path)).rejects.toThrow(/exists already/);
  const nowhere = join(dirname(path), "missing", "copy.db");
  await expect(store.backup(nowhere)).rejects.toMatchObject({ kind: "io" });
  expect(statSync(`${path}.partial`, { throwIfNoEntry: false })).toBeUndefined();
});

test("a store in memory can be backed up into a file that opens", async () => {
  const memory = await openTemp({ dataDir: null });
  await memory.transaction((tx) => addProject(tx));
  const dataDir = tempDir();
  await memory.backup(join(dataDir, "stratavore.db"));
  const store = await openTemp({ dataDir });
  expect(store.read.projects.names()).toEqual(["alpha"]);
  expect(store.epoch).not.toBe(memory.epoch);
});
