import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../src/store/index.js";
import { MIGRATIONS } from "../../src/store/migrations/index.js";
import { addProject, openTemp, tempDir, withRaw } from "./fixtures.js";

const LAST = MIGRATIONS.length;
const next = { version: LAST + 1, name: "notes", sql: "CREATE TABLE notes (text TEXT NOT NULL) STRICT;" };
const broken = {
  version: LAST + 1,
  name: "broken",
  sql: "CREATE TABLE half (a TEXT); INSERT INTO nowhere VALUES (1);",
};

function dirWith(name: string, content: string | Uint8Array): { dir: string; file: string } {
  const dir = tempDir();
  writeFileSync(join(dir, name), content);
  return { dir, file: join(dir, name) };
}

test.each([
  ["text", "this is a diary, not a database\n".repeat(200)],
  ["a few bytes", "SQL"],
  ["zeros", new Uint8Array(8192)],
  ["the magic word and nothing more", "SQLite format 3\0"],
])("a file of %s is refused, and not touched", async (_what, content) => {
  const { dir, file } = dirWith("stratavore.db", content);
  const before = readFileSync(file);
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({
    kind: "not_a_database",
    message: expect.stringContaining(file),
  });
  expect(readFileSync(file)).toEqual(before);
  // The directory is let go, so that the next start works once the file is out of the way.
  expect(readdirSync(dir).sort()).toEqual(["lock.db", "stratavore.db"]);
});

test("another program's database is refused, and not touched", async () => {
  const dir = tempDir();
  const file = join(dir, "stratavore.db");
  withRaw(file, (raw) => raw.exec("CREATE TABLE songs (title TEXT)"));
  const before = readFileSync(file);
  await expect(openStore({ dataDir: dir })).rejects.toThrow(/another program/);
  expect(readFileSync(file)).toEqual(before);
});

test("a log without its database is refused, as its data would be lost", async () => {
  const { dir, file } = dirWith("stratavore.db-wal", "frames");
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({ kind: "data_loss" });
  expect(readFileSync(file, "utf8")).toBe("frames");
});

test("an empty file is a database yet to be made", async () => {
  const { dir } = dirWith("stratavore.db", "");
  const store = await openTemp({ dataDir: dir });
  await store.transaction((tx) => addProject(tx));
  expect(store.read.projects.names()).toEqual(["alpha"]);
});

test("a database of a later release is refused, and not touched", async () => {
  const dataDir = tempDir();
  await openStore({ dataDir, migrations: [...MIGRATIONS, next] }).then((store) => store.close());
  const file = join(dataDir, "stratavore.db");
  const before = readFileSync(file);
  await expect(openStore({ dataDir })).rejects.toMatchObject({
    kind: "newer_schema",
    message: expect.stringMatching(new RegExp(`version ${LAST + 1}.*up to ${LAST}:`)),
  });
  expect(readFileSync(file)).toEqual(before);
});

test("a database that was cut short is refused as damaged, and not touched", async () => {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  await store.transaction((tx) => {
    for (let n = 0; n < 100; n++) addProject(tx, `project-${n}`);
  });
  await store.close();
  const file = join(dataDir, "stratavore.db");
  truncateSync(file, 3 * 4096);
  const before = readFileSync(file);
  await expect(openStore({ dataDir })).rejects.toMatchObject({ kind: "data_loss" });
  expect(readFileSync(file)).toEqual(before);
});

test("an upgrade keeps a backup of what was there", async () => {
  const dataDir = tempDir();
  const old = await openStore({ dataDir });
  await old.transaction((tx) => addProject(tx));
  await old.close();
  const upgraded = await openStore({ dataDir, migrations: [...MIGRATIONS, next] });
  expect(upgraded.read.projects.names()).toEqual(["alpha"]);
  await upgraded.close();

  const backup = join(dataDir, `before-upgrade-from-v${LAST}.db`);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  withRaw(backup, (raw) => {
    expect(raw.prepare("SELECT name FROM projects").pluck().all()).toEqual(["alpha"]);
    expect(raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'notes'").get()).toBeUndefined();
  });
  withRaw(join(dataDir, "stratavore.db"), (raw) => {
    const steps = raw.prepare("SELECT version, name FROM schema_migrations").all();
    expect(steps).toEqual([...MIGRATIONS, next].map(({ version, name }) => ({ version, name })));
  });
});

test("a step that fails leaves the database as it was, with its backup", async () => {
  const dataDir = tempDir();
  const old = await openStore({ dataDir });
  await old.transaction((tx) => addProject(tx));
  await old.close();
  await expect(openStore({ dataDir, migrations: [...MIGRATIONS, broken] })).rejects.toThrow(/nowhere/);
  expect(existsSync(join(dataDir, `before-upgrade-from-v${LAST}.db`))).toBe(true);
  const store = await openTemp({ dataDir });
  expect(store.read.projects.names()).toEqual(["alpha"]);
  withRaw(store.file!, (raw) => {
    expect(raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
  });
});

test("a directory is made private, with its parents", async () => {
  const dataDir = join(tempDir(), "deep", "data");
  await openTemp({ dataDir });
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
});

test("an open directory is closed to others if it is empty, and refused if it holds something else", async () => {
  const empty = join(tempDir(), "empty");
  mkdirSync(empty);
  chmodSync(empty, 0o755);
  const store = await openStore({ dataDir: empty });
  expect(statSync(empty).mode & 0o777).toBe(0o700);
  await store.close();

  const { dir } = dirWith("letters.txt", "dear");
  chmodSync(dir, 0o755);
  await expect(openStore({ dataDir: dir })).rejects.toThrow(/chmod 700/);
  expect(statSync(dir).mode & 0o777).toBe(0o755);
  expect(readdirSync(dir)).toEqual(["letters.txt"]);
});

test("a path that cannot be a directory is refused with the reason", async () => {
  const { file } = dirWith("taken", "x");
  await expect(openStore({ dataDir: file })).rejects.toMatchObject({
    kind: "io",
    message: expect.stringContaining(file),
  });
});
