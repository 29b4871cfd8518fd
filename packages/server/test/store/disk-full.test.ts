import type Database from "better-sqlite3";
import { expect, test } from "vitest";
import { StoreError, type Transaction } from "../../src/store/index.js";
import { addEvent, addProject, openWithWriter } from "./fixtures.js";

const BIG = 200_000;

function fill(tx: Transaction, name: string): string {
  tx.projects.insert({ uid: name, name, path: "/x", config: new Uint8Array(BIG) });
  return name;
}

/** Leaves the database room for a few pages more than it has. */
function leaveRoom(writer: Database.Database, pages: number): void {
  const used = writer.pragma("page_count", { simple: true }) as number;
  writer.pragma(`max_page_count = ${used + pages}`);
}

const giveRoom = (writer: Database.Database) => writer.pragma("max_page_count = 1000000");

test("a full disk fails the jobs that do not fit, keeps those that do, and passes by itself", async () => {
  const { store, writer } = await openWithWriter();
  await store.transaction((tx) => addProject(tx, "before"));
  leaveRoom(writer, 4);

  const runs = new Map<string, number>();
  const job = (name: string, write: (tx: Transaction) => unknown) =>
    store.transaction((tx) => {
      runs.set(name, (runs.get(name) ?? 0) + 1);
      return write(tx);
    });
  const results = await Promise.allSettled([
    job("small-1", (tx) => addProject(tx, "small-1")),
    job("big-1", (tx) => fill(tx, "big-1")),
    job("small-2", (tx) => addProject(tx, "small-2")),
    job("big-2", (tx) => fill(tx, "big-2")),
    job("small-3", (tx) => addProject(tx, "small-3")),
  ]);

  expect(results.map((result) => result.status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(results[1]).toMatchObject({
    reason: { kind: "disk_full", message: expect.stringMatching(/make room/) },
  });
  // The first try ended with the batch undone, so the job that had run before the full disk ran again.
  expect(runs.get("small-1")).toBe(2);
  expect(store.read.projects.names()).toEqual(["before", "small-1", "small-2", "small-3"]);
  expect(writer.inTransaction).toBe(false);

  await expect(store.transaction((tx) => fill(tx, "big-3"))).rejects.toMatchObject({ kind: "disk_full" });
  expect(store.health().writeError).toBeInstanceOf(StoreError);
  giveRoom(writer);
  await expect(store.transaction((tx) => fill(tx, "big-4"))).resolves.toBe("big-4");
  expect(store.health().writeError).toBeUndefined();
  expect(store.read.projects.names()).toEqual(["before", "big-4", "small-1", "small-2", "small-3"]);
});

test("a job that swallows the error of a full disk cannot go on to write outside its transaction", async () => {
  const { store, writer } = await openWithWriter();
  leaveRoom(writer, 4);
  const after: unknown[] = [];
  const careless = (tx: Transaction) => {
    try {
      fill(tx, "big");
    } catch {
      // Goes on as if nothing had happened.
    }
    try {
      addProject(tx, "stray");
    } catch (error) {
      after.push(error);
    }
  };
  const results = await Promise.allSettled([
    store.transaction((tx) => addProject(tx, "first")),
    store.transaction(careless),
    store.transaction((tx) => addEvent(tx)),
  ]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(results[1]).toMatchObject({ reason: { kind: "disk_full" } });
  expect(after[0]).toMatchObject({ kind: "disk_full" });
  expect(store.read.projects.names()).toEqual(["first"]);
  expect(store.read.events.head()).toBe(1n);
});

test("a job that throws its own error after the disk was full gets that error", async () => {
  const { store, writer } = await openWithWriter();
  leaveRoom(writer, 4);
  const own = new Error("could not be stored");
  const job = store.transaction((tx) => {
    try {
      fill(tx, "big");
    } catch {
      throw own;
    }
  });
  await expect(job).rejects.toBe(own);
  expect(writer.inTransaction).toBe(false);
});

test("reads go on while writes fail", async () => {
  const { store, writer } = await openWithWriter();
  await store.transaction((tx) => addProject(tx));
  leaveRoom(writer, 0);
  const writes = Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => store.transaction((tx) => fill(tx, `big-${n}`))),
  );
  expect(store.read.projects.byName("alpha")?.uid).toBe("project_alpha");
  expect((await writes).every((result) => result.status === "rejected")).toBe(true);
  expect(store.read.projects.names()).toEqual(["alpha"]);
});
