import { expect, test } from "vitest";
import { addProject, addRunner, openTemp } from "../fixtures.js";

test("a project is stored with its defaults and read back as it was given", async () => {
  const store = await openTemp();
  const metadata = JSON.parse('{"__proto__": "kept", "a\\"b": "quote", "": "empty"}') as Record<
    string,
    string
  >;
  const quota = new Uint8Array([0, 255, 7]);
  const [full, bare] = await store.transaction((tx) => [
    tx.projects.insert({
      uid: "p1",
      name: "full",
      path: "/p",
      quota,
      metadata,
      description: "d",
      archived: true,
      createdAt: 5,
      updatedAt: 6,
    }),
    addProject(tx, "bare"),
  ]);
  const read = store.read.projects.byUid("p1");
  expect(read).toEqual({ ...full, quota: Buffer.from(quota) });
  expect(Object.keys(read!.metadata)).toEqual(["__proto__", 'a"b', ""]);
  expect(Object.getPrototypeOf(read!.metadata)).toBe(Object.prototype);
  expect(store.read.projects.byName("bare")).toEqual(bare);
  expect(bare).toMatchObject({
    description: "",
    archived: false,
    quota: null,
    config: null,
    metadata: {},
    version: 1,
  });
  expect(bare!.createdAt).toBeGreaterThan(Date.now() - 60_000);
  expect(store.read.projects.byName("none")).toBeUndefined();
});

test("a default object belongs to its row", async () => {
  const store = await openTemp();
  const first = await store.transaction((tx) => addProject(tx, "a"));
  first.metadata.stray = "x";
  const second = await store.transaction((tx) => addProject(tx, "b"));
  expect(second.metadata).toEqual({});
  expect(store.read.projects.byName("b")?.metadata).toEqual({});
});

test("an update moves the version, and only from the one expected", async () => {
  const store = await openTemp();
  await store.transaction((tx) => addProject(tx));
  const updated = await store.transaction((tx) =>
    tx.projects.update("project_alpha", 1, { description: "new", config: null }),
  );
  expect(updated).toMatchObject({ description: "new", version: 2, path: "/src/alpha" });
  const stale = await store.transaction((tx) =>
    tx.projects.update("project_alpha", 1, { description: "stale" }),
  );
  expect(stale).toBeUndefined();
  const forced = await store.transaction((tx) =>
    tx.projects.update("project_alpha", undefined, { archived: true, updatedAt: 9 }),
  );
  expect(forced).toMatchObject({ description: "new", archived: true, version: 3, updatedAt: 9 });
  expect(store.read.projects.byUid("project_alpha")).toEqual(forced);
  expect(
    await store.transaction((tx) => tx.projects.update("none", undefined, { path: "/" })),
  ).toBeUndefined();
});

test("pages go by name, with totals, by offset or after a key", async () => {
  const store = await openTemp();
  await store.transaction((tx) => {
    for (const name of ["d", "a", "c", "b", "e"])
      tx.projects.insert({ uid: name, name, path: "/", archived: name === "c" });
  });
  const page = (filter: object) => {
    const { rows, total } = store.read.projects.list({ limit: 2, ...filter });
    return [rows.map((row) => row.name).join(""), total];
  };
  expect(page({})).toEqual(["ab", 5]);
  expect(page({ offset: 2 })).toEqual(["cd", 5]);
  expect(page({ afterKey: "b" })).toEqual(["cd", 5]);
  expect(page({ afterKey: "e" })).toEqual(["", 5]);
  expect(page({ archived: false, afterKey: "b" })).toEqual(["de", 4]);
  expect(page({ archived: true })).toEqual(["c", 1]);
  expect(store.read.projects.names()).toEqual(["a", "b", "c", "d", "e"]);
});

test("a project with runners is not deleted", async () => {
  const store = await openTemp();
  await store.transaction((tx) => addRunner(tx, "r1", { projectUid: addProject(tx).uid }));
  const refused = store.transaction((tx) => tx.projects.delete("project_alpha"));
  await expect(refused).rejects.toMatchObject({ kind: "constraint", constraint: { type: "foreign_key" } });
  const done = await store.transaction((tx) => [
    tx.runners.delete("r1"),
    tx.projects.delete("project_alpha"),
    tx.projects.delete("none"),
  ]);
  expect(done).toEqual([true, true, false]);
});
