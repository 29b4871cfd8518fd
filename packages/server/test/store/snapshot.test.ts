import { expect, test } from "vitest";
import { addProject, openTemp, openWithWriter } from "./fixtures.js";

test("a snapshot does not see what is committed while it reads", async () => {
  const { store, writer } = await openWithWriter();
  await store.transaction((tx) => addProject(tx));
  const seen = store.snapshot((read) => {
    const before = read.projects.names();
    writer.exec("UPDATE projects SET name = 'renamed'");
    return [before, read.projects.names()];
  });
  expect(seen).toEqual([["alpha"], ["alpha"]]);
  expect(store.read.projects.names()).toEqual(["renamed"]);
});

test("a snapshot within a snapshot is the same one, and an error ends it", async () => {
  const store = await openTemp();
  await store.transaction((tx) => addProject(tx));
  expect(store.snapshot(() => store.snapshot((read) => read.projects.names()))).toEqual(["alpha"]);
  expect(() =>
    store.snapshot(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
  await store.transaction((tx) => addProject(tx, "beta"));
  expect(store.snapshot((read) => read.projects.names())).toEqual(["alpha", "beta"]);
});

test("a snapshot that would go on after it has ended is refused", async () => {
  const store = await openTemp();
  expect(() => store.snapshot(async (read) => read.projects.names())).toThrow(/must not return a promise/);
});

test("what is committed is seen by the next read, every time", async () => {
  const store = await openTemp();
  for (let n = 0; n < 300; n++) {
    const seq = await store.transaction((tx) => tx.events.append({ type: n, payload: new Uint8Array() }));
    expect(store.read.events.head()).toBe(seq);
  }
});
