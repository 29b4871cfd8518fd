import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { backupTo, partialOf } from "./backup.js";
import { openReader, openWriter, type Raw } from "./connection.js";
import {
  APPLICATION_ID,
  checkHeader,
  createPrivateFile,
  DATABASE_FILE,
  prepareDirectory,
} from "./directory.js";
import { StoreError } from "./errors.js";
import { IN_MEMORY, identifyFile, takeOver } from "./identity.js";
import { lockDirectory } from "./lock.js";
import { migrate, refuseNewer, schemaVersion } from "./migrate.js";
import { MIGRATIONS, type Migration } from "./migrations/index.js";
import { Store } from "./store.js";

export interface OpenOptions {
  /** Where the database lies; made, with mode 0700, if it is not there. Null keeps everything in memory. */
  readonly dataDir: string | null;
  /** The steps of the schema; those of this release by default. */
  readonly migrations?: readonly Migration[];
  /** Path of the better-sqlite3 that the background check loads; by default the one that is installed. */
  readonly sqliteModule?: string;
}

/**
 * Opens the store of a data directory, and holds the directory until it is closed.
 * Raises a StoreError: `locked` if another daemon holds it, `not_a_database` or `newer_schema` for a file that is not for
 * this release (it is left as it is), `data_loss` if it is too damaged to open, `io` or `read_only` if the system refuses.
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const migrations = options.migrations ?? MIGRATIONS;
  if (options.dataDir === null) return openInMemory(migrations);
  const dir = prepareDirectory(options.dataDir);
  const file = join(dir, DATABASE_FILE);
  const lock = lockDirectory(dir);
  const opened: Raw[] = [];
  try {
    const version = checkHeader(dir) ? versionOf(file, migrations) : createDatabase(file);
    const writer = openWriter(file);
    opened.push(writer);
    if (version > 0 && version < migrations.length) await backupTo(writer, freeName(dir, version));
    migrate(writer, migrations, version);
    const identity = takeOver(writer, identifyFile(file));
    const reader = openReader(file);
    opened.push(reader);
    return new Store({ writer, reader, identity, file, lock, sqliteModule: options.sqliteModule });
  } catch (error) {
    for (const raw of opened) raw.close();
    lock.release();
    throw StoreError.from(error);
  }
}

function openInMemory(migrations: readonly Migration[]): Store {
  const raw = new Database(":memory:");
  raw.pragma("foreign_keys = ON");
  // A backup of it is a file, which is to be known as ours.
  raw.pragma(`application_id = ${APPLICATION_ID}`);
  migrate(raw, migrations);
  const identity = takeOver(raw, IN_MEMORY);
  return new Store({ writer: raw, reader: raw, identity, file: null, lock: null });
}

// By a reader, which cannot change the file: a later release's database must not even be checkpointed.
function versionOf(file: string, migrations: readonly Migration[]): number {
  const reader = openReader(file);
  try {
    const version = schemaVersion(reader);
    refuseNewer(version, migrations);
    return version;
  } finally {
    reader.close();
  }
}

// Under another name until it is whole, so that a crash leaves either no database or one that is known as ours.
function createDatabase(file: string): number {
  const draft = `${file}.new`;
  for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true });
  createPrivateFile(draft);
  const raw = new Database(draft);
  try {
    raw.pragma(`application_id = ${APPLICATION_ID}`);
  } finally {
    raw.close();
  }
  renameSync(draft, file);
  return 0;
}

function freeName(dir: string, version: number): string {
  const stem = join(dir, `before-upgrade-from-v${version}`);
  let name = `${stem}.db`;
  for (let copy = 2; existsSync(name) || existsSync(partialOf(name)); copy++) name = `${stem}-${copy}.db`;
  return name;
}
