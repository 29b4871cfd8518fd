import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { StoreError } from "./errors.js";

/** The database's name in a data directory. */
export const DATABASE_FILE = "stratavore.db";
/** Marks the file as ours in its header: "Strv". */
export const APPLICATION_ID = 0x53747276;

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;

/**
 * Makes the data directory, mode 0700, or checks the one that is there; gives its real path. A directory that others
 * may enter is closed to them if it is empty or already ours, and refused if it holds something else.
 */
export function prepareDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const dir = realpathSync(resolve(path));
    const found = statSync(dir);
    if (process.platform === "win32" || (found.mode & 0o077) === 0) return dir;
    const names = readdirSync(dir);
    if (names.length > 0 && !names.includes(DATABASE_FILE)) {
      const mode = (found.mode & 0o777).toString(8);
      throw new StoreError(
        "io",
        `${dir} is open to other users (mode ${mode}) and holds other files: run chmod 700 on it, or choose another data directory`,
      );
    }
    chmodSync(dir, 0o700);
    return dir;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError("io", `the data directory ${path} cannot be used: ${reason}`, { cause: error });
  }
}

/**
 * Tells whether the file holds a database of ours; false if there is none yet. Raises `not_a_database` for anything
 * else. Call it before SQLite opens the file and never after: closing a file drops every lock that this process has on it.
 */
export function checkHeader(dir: string): boolean {
  const file = join(dir, DATABASE_FILE);
  const header = readHeader(file);
  if (header.length === 0) {
    const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
    if (!log?.size) return false;
    throw new StoreError(
      "data_loss",
      `${file} is missing or empty, but ${file}-wal holds data of it: restore a backup, or move the -wal file away to start anew`,
    );
  }
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new StoreError(
      "not_a_database",
      `${file} is not a SQLite database; it was left as it is: move it away or choose another data directory`,
    );
  }
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new StoreError(
      "not_a_database",
      `${file} is the SQLite database of another program; it was left as it is: choose another data directory`,
    );
  }
  return true;
}

function readHeader(file: string): Buffer {
  if (!statSync(file, { throwIfNoEntry: false })) return Buffer.alloc(0);
  const fd = openSync(file, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(fd, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

/** Makes an empty file that only its owner can read, so that SQLite finds it and keeps its mode for what lies beside it. */
export function createPrivateFile(file: string): void {
  closeSync(openSync(file, "wx", 0o600));
}
