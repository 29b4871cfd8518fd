import { existsSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import type { Raw } from "./connection.js";
import { createPrivateFile } from "./directory.js";
import { StoreError } from "./errors.js";
import { stampCopy } from "./identity.js";

/** Pages copied before the event loop has its turn: 2 MB. */
const PAGES_PER_STEP = 512;

/**
 * Copies the database as it is when the copy ends, while it goes on being written. The copy is one file, mode 0600,
 * that appears whole or not at all, and gets an epoch of its own when it is opened. Raises `io` if the path is taken.
 */
export async function backupTo(source: Raw, path: string): Promise<void> {
  if (existsSync(path))
    throw new StoreError("io", `${path} exists already: choose another path for the backup`);
  const partial = `${path}.partial`;
  try {
    rmSync(partial, { force: true });
    createPrivateFile(partial);
    await source.backup(partial, { progress: () => PAGES_PER_STEP });
    stamp(partial);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    if (error instanceof Database.SqliteError) throw StoreError.from(error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError("io", `the backup to ${path} failed: ${reason}`, { cause: error });
  }
}

function stamp(file: string): void {
  const copy = new Database(file);
  try {
    // A copy in WAL mode would need a second file beside it while it is being stamped.
    copy.pragma("journal_mode = DELETE");
    copy.pragma("synchronous = FULL");
    stampCopy(copy);
  } finally {
    copy.close();
  }
}
