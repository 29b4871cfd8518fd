import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import { openReader, openWriter } from "../../src/store/connection.js";
import { identifyFile, takeOver } from "../../src/store/identity.js";
import { type OpenOptions, openStore, Store, type Transaction } from "../../src/store/index.js";

/** A directory that goes when the test ends. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "stratavore-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store that is closed when the test ends; on disk in a directory of its own unless told otherwise. */
export async function openTemp(options: Partial<OpenOptions> = {}): Promise<Store> {
  const store = await openStore({ dataDir: tempDir(), ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Changes a database that no store holds. */
export function withRaw<T>(file: string, change: (raw: Database.Database) => T): T {
  const raw = new Database(file);
  try {
    return change(raw);
  } finally {
    raw.close();
  }
}

const blob = new Uint8Array([1, 2, 3]);
const RUNNING = 2;

export function addProject(tx: Transaction, name = "alpha") {
  return tx.projects.insert({ uid: `project_${name}`, name, path: `/src/${name}` });
}

export function addRunner(
  tx: Transaction,
  id: string,
  more: Partial<Parameters<Transaction["runners"]["insert"]>[0]> = {},
) {
  return tx.runners.insert({
    id,
    projectUid: "project_alpha",
    projectName: "alpha",
    status: RUNNING,
    agent: "demo",
    spec: blob,
    ...more,
  });
}

export function addSession(
  tx: Transaction,
  id: string,
  more: Partial<Parameters<Transaction["sessions"]["insert"]>[0]> = {},
) {
  return tx.sessions.insert({
    id,
    runnerId: "runner_1",
    projectUid: "project_alpha",
    projectName: "alpha",
    status: 1,
    ...more,
  });
}

export function addEvent(
  tx: Transaction,
  type = 1,
  more: Partial<Parameters<Transaction["events"]["append"]>[0]> = {},
) {
  return tx.events.append({ type, payload: blob, ...more });
}

/** The seqs of the whole log. */
export function seqs(store: Store): bigint[] {
  return store.read.events.after(0n, { limit: 1_000_000 }).map((event) => event.seq);
}

/** The whole numbers from 1 to `count`. */
export function oneTo(count: number): bigint[] {
  return Array.from({ length: count }, (_, place) => BigInt(place + 1));
}

/** A store together with the handle it writes by, for what only that handle can be told. */
export async function openWithWriter(): Promise<{ store: Store; writer: Database.Database }> {
  const first = await openStore({ dataDir: tempDir() });
  const file = first.file!;
  await first.close();
  const writer = openWriter(file);
  const identity = takeOver(writer, identifyFile(file));
  const store = new Store({ writer, reader: openReader(file), identity, file, lock: null });
  onTestFinished(() => store.close());
  return { store, writer };
}
