import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Raw } from "./connection.js";
import { type LockHolder, StoreError } from "./errors.js";

const LOCK_FILE = "lock.db";
/** Where a running daemon says who it is; written elsewhere. */
const HOLDER_FILE = "daemon.json";

// Kept on the global object, for the life of the process: a lock whose handle is garbage-collected is gone without a
// word, and so is one whose file a second copy of this module opens and closes.
const REGISTRY = Symbol.for("stratavore.store.locks");
const shared = globalThis as { [REGISTRY]?: Map<string, Raw> };
shared[REGISTRY] ??= new Map();
const locks = shared[REGISTRY];

/** The hold on a data directory. The kernel ends it when the process dies, however it dies. */
export interface DirectoryLock {
  release(): void;
}

/** Takes hold of the directory. Raises `locked`, naming the holder, if another store has it. */
export function lockDirectory(dir: string): DirectoryLock {
  const { dev, ino } = statSync(dir, { bigint: true });
  const key = `${dev}:${ino}`;
  if (locks.has(key)) {
    throw new StoreError("locked", `the data directory ${dir} is already open in this process`, {
      holder: holderOf(dir),
    });
  }
  const file = join(dir, LOCK_FILE);
  let raw: Raw | undefined;
  try {
    raw = new Database(file, { timeout: 0 });
    // By its path: opening and closing the file here would drop a lock that another thread of this process holds.
    chmodSync(file, 0o600);
    raw.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    raw?.close();
    throw refusal(dir, StoreError.from(error));
  }
  const held = raw;
  locks.set(key, held);
  return {
    release: () => {
      if (locks.get(key) !== held) return;
      locks.delete(key);
      held.close();
    },
  };
}

function refusal(dir: string, error: unknown): unknown {
  if (!(error instanceof StoreError) || error.kind !== "busy") return error;
  const holder = holderOf(dir);
  const who = holder
    ? `the Stratavore daemon with pid ${holder.pid} at ${holder.address}`
    : "another Stratavore daemon, which has not said who it is";
  return new StoreError(
    "locked",
    `the data directory ${dir} is held by ${who}: use that one, stop it, or choose another data directory`,
    { cause: error.cause, holder },
  );
}

function holderOf(dir: string): LockHolder | undefined {
  try {
    const said: unknown = JSON.parse(readFileSync(join(dir, HOLDER_FILE), "utf8"));
    const { pid, addresses, socket } = said as { pid?: unknown; addresses?: unknown[]; socket?: unknown };
    const address = addresses?.[0] ?? socket;
    return typeof pid === "number" && typeof address === "string" ? { pid, address } : undefined;
  } catch {
    return undefined;
  }
}
