import { expect, test } from "vitest";
import { addProject, openWithWriter } from "./fixtures.js";

test("a write that is made to see whether writes work fails on a full disk, and works once there is room", async () => {
  const { store, writer } = await openWithWriter();
  await store.checkWrites();
  writer.pragma(`max_page_count = ${writer.pragma("page_count", { simple: true }) as number}`);
  const filled = (async () => {
    for (let n = 0; ; n++) await store.transaction((tx) => addProject(tx, `p${n}`));
  })();
  await expect(filled).rejects.toMatchObject({ kind: "disk_full" });
  await expect(store.checkWrites()).rejects.toMatchObject({ kind: "disk_full" });
  expect(store.health().writeError).toMatchObject({ kind: "disk_full" });
  writer.pragma("max_page_count = 1000000");
  await store.checkWrites();
  expect(store.health().writeError).toBeUndefined();
});

test("it takes no more room each time", async () => {
  const { store, writer } = await openWithWriter();
  await store.checkWrites();
  const pages = writer.pragma("page_count", { simple: true });
  for (let n = 0; n < 20; n++) await store.checkWrites();
  expect(writer.pragma("page_count", { simple: true })).toBe(pages);
});

test("a store that cannot be written says so until a write succeeds; a commit with nothing in it is none", async () => {
  const { store, writer } = await openWithWriter();
  writer.pragma("query_only = ON");
  await expect(store.checkWrites()).rejects.toMatchObject({ kind: "read_only" });
  expect(store.health().writeError).toMatchObject({ kind: "read_only" });
  writer.pragma("query_only = OFF");
  await store.transaction((tx) => tx.events.head());
  expect(store.health().writeError).toMatchObject({ kind: "read_only" });
  await expect(
    store.transaction((tx) => {
      addProject(tx, "undone");
      throw new Error("never mind");
    }),
  ).rejects.toThrow("never mind");
  expect(store.health().writeError).toMatchObject({ kind: "read_only" });
  await store.transaction((tx) => addProject(tx, "kept"));
  expect(store.health().writeError).toBeUndefined();
});

test("who waits for the store's health is woken when it gets worse or better, and only then", async () => {
  const { store, writer } = await openWithWriter();
  const waiter = store.tail.changed(["health"]);
  let woken = 0;
  const count = async () => {
    for (;;) {
      await waiter.wait();
      woken++;
    }
  };
  const ended = count().catch(() => "ended");
  await store.checkWrites();
  await store.checkWrites();
  expect(woken).toBe(0);
  writer.pragma("query_only = ON");
  for (let n = 0; n < 3; n++) await store.checkWrites().catch(() => {});
  expect(woken).toBe(1);
  writer.pragma("query_only = OFF");
  for (let n = 0; n < 3; n++) await store.checkWrites();
  expect(woken).toBe(2);
  waiter.close();
  expect(await ended).toBe("ended");
});
