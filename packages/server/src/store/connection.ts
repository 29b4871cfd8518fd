import Database from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { StoreError } from "./errors.js";
import { Statements } from "./statements.js";

/** A raw SQLite handle. */
export type Raw = Database.Database;
/** A Drizzle view of one handle. */
export type Db = BetterSQLite3Database;

/** How long a statement waits for a program outside that holds the database. The whole process waits with it. */
const BUSY_TIMEOUT_MS = 1_000;
/** What the write-ahead log shrinks to after a checkpoint. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/** Stands before and after each statement of a connection. */
export interface Guard {
  /** Throws if no statement may run now. */
  check(): void;
  /** Takes what a statement threw, and returns what to throw instead. */
  failed(error: unknown): unknown;
}

/** One handle seen by the queries: `narrow` statements give integers as numbers, `wide` ones carry all of int64. */
export interface Connection {
  readonly narrow: Statements;
  readonly wide: Statements;
}

/** Opens the file for writing, with every durability setting. Creates nothing but the database itself. */
export function openWriter(file: string): Raw {
  const raw = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // The library is built with NORMAL as the default under WAL, which loses acknowledged commits on power loss.
    raw.pragma("journal_mode = WAL");
    raw.pragma("synchronous = FULL");
    raw.pragma("foreign_keys = ON");
    raw.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    return raw;
  } catch (error) {
    raw.close();
    throw StoreError.from(error);
  }
}

/** Opens the file for reading only. */
export function openReader(file: string): Raw {
  try {
    return new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw StoreError.from(error);
  }
}

/** The two ways to prepare statements on a handle. */
export function connect(raw: Raw, guard: Guard): Connection {
  // Drizzle prepares through whatever client it is given, which is where a statement can be made wide.
  const wideClient = { prepare: (source: string) => raw.prepare(source).safeIntegers() };
  return {
    narrow: new Statements(drizzle({ client: raw }), guard),
    wide: new Statements(drizzle({ client: wideClient as unknown as Raw }), guard),
  };
}
