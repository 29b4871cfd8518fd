import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { openStore } from "../../src/store/index.js";
import { StoreChild } from "./child.js";
import { addProject, openTemp, tempDir } from "./fixtures.js";

const patient = { timeout: 20_000, interval: 20 };

async function heldByChild(dir: string): Promise<StoreChild> {
  const child = new StoreChild(dir, "hold");
  await vi.waitFor(() => expect(child.lines[0]).toMatch(/^open/), patient);
  return child;
}

test("a second daemon is refused with the first one's name, and let in once that is killed", async () => {
  const dir = tempDir();
  const first = await heldByChild(dir);
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({
    kind: "locked",
    message: expect.stringContaining("has not said who it is"),
  });

  writeFileSync(
    join(dir, "daemon.json"),
    JSON.stringify({ pid: first.process.pid, addresses: ["127.0.0.1:50051"], socket: null }),
  );
  const refused = openStore({ dataDir: dir });
  await expect(refused).rejects.toMatchObject({
    kind: "locked",
    holder: { pid: first.process.pid, address: "127.0.0.1:50051" },
    message: expect.stringContaining(`pid ${first.process.pid} at 127.0.0.1:50051`),
  });

  await first.kill();
  const store = await openTemp({ dataDir: dir });
  expect(store.generation).toBe(2);
}, 60_000);

test("a daemon elsewhere is refused by a store here, and let in once it is closed", async () => {
  const dir = tempDir();
  const store = await openStore({ dataDir: dir });
  const second = new StoreChild(dir, "hold");
  await vi.waitFor(() => expect(second.lines[0]).toMatch(/^refused locked/), patient);
  await store.close();
  await heldByChild(dir);
}, 60_000);

test("the same process is refused too, whatever path it takes, and without losing its lock by it", async () => {
  const parent = tempDir();
  const dir = join(parent, "data");
  mkdirSync(dir, { mode: 0o700 });
  symlinkSync(dir, join(parent, "alias"));
  const store = await openTemp({ dataDir: dir });
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({ kind: "locked" });
  await expect(openStore({ dataDir: join(parent, "alias") })).rejects.toThrow(/already open in this process/);

  const other = new StoreChild(dir, "hold");
  await vi.waitFor(() => expect(other.lines[0]).toMatch(/^refused locked/), patient);
  await store.transaction((tx) => addProject(tx));
}, 60_000);

test("the lock outlives a store that was forgotten and garbage-collected", async () => {
  const dir = tempDir();
  const forgotten = await openStore({ dataDir: dir }).then((store) => new WeakRef(store));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await vi.waitFor(() => {
    collect();
    expect(forgotten.deref() === undefined).toBe(true);
  }, patient);
  const other = new StoreChild(dir, "hold");
  await vi.waitFor(() => expect(other.lines[0]).toMatch(/^refused locked/), patient);
}, 60_000);

test("a lock file that is something else is named and left alone", async () => {
  const dir = tempDir();
  const text = "not a database, but somebody's notes. ".repeat(50);
  writeFileSync(join(dir, "lock.db"), text);
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({ kind: "not_a_database" });
  expect(readFileSync(join(dir, "lock.db"), "utf8")).toBe(text);
});
