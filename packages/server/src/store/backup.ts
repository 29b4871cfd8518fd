import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { Raw } from "./connection.js";
import { createPrivateFile } from "./directory.js";
import { StoreError } from "./errors.js";
import { stampCopy } from "./identity.js";

/** Pages copied before the event loop has its turn: 2 MB. */
const PAGES_PER_STEP = 512;

/** What a backup holds. */
export interface Backup {
  readonly sizeBytes: number;
  /** The seq of the last event in it; 0n if there is none. */
  readonly head: bigint;
}

/** The name that a copy has until it is whole. */
export const partialOf = (path: string) => `${path}.partial`;

/**
 * Copies the database as it is when the copy ends, while it goes on being written. The copy is one file, mode 0600,
 * that appears whole or not at all, and gets an epoch of its own when it is opened. Raises `exists` if the path, or the
 * name of its unfinished copy, is taken; the signal's reason when it aborts.
 */
export async function backupTo(source: Raw, path: string, signal?: AbortSignal): Promise<Backup> {
  const partial = partialOf(path);
  refuseTaken(path);
  claim(partial);
  try {
    await source.backup(partial, {
      progress: () => {
        signal?.throwIfAborted();
        return PAGES_PER_STEP;
      },
    });
    const head = finish(partial);
    refuseTaken(path);
    renameSync(partial, path);
    syncFolder(dirname(path));
    return { sizeBytes: statSync(path).size, head };
  } catch (error) {
    rmSync(partial, { force: true });
    if (signal?.aborted) throw signal.reason;
    throw failure(path, error);
  }
}

function refuseTaken(path: string): void {
  if (existsSync(path)) throw new StoreError("exists", `${path} exists already: choose another path`);
}

/** Never takes over a file: it may be another backup's that is under way. */
function claim(partial: string): void {
  try {
    createPrivateFile(partial);
  } catch (error) {
    if (!existsSync(partial)) throw failure(partial, error);
    throw new StoreError(
      "exists",
      `${partial} exists already: another backup to this path is under way, or was interrupted; choose another path or remove the file`,
    );
  }
}

function failure(path: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  if (error instanceof Database.SqliteError) return StoreError.from(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError("io", `the backup to ${path} failed: ${reason}`, { cause: error });
}

/** Marks the copy as one, and looks how far it goes. */
function finish(file: string): bigint {
  const copy = new Database(file);
  try {
    // A copy in WAL mode would need a second file beside it while it is being stamped.
    copy.pragma("journal_mode = DELETE");
    copy.pragma("synchronous = FULL");
    stampCopy(copy);
    const last = copy.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck();
    return BigInt((last.safeIntegers().get() as bigint | undefined) ?? 0n);
  } finally {
    copy.close();
  }
}

/** A name is on disk once its folder is. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
