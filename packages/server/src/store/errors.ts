import Database from "better-sqlite3";

/**
 * What went wrong, in the store's own words.
 * - `disk_full`: no space, or a size limit; reads go on, and writes work again once there is room
 * - `busy`: another program holds the database; worth a retry
 * - `data_loss`: the file is damaged where this call had to read
 * - `read_only`: the file or its directory cannot be written
 * - `fenced`: another daemon has opened this data directory since; this store writes no more
 * - `locked`: another daemon holds the data directory
 * - `newer_schema`: a later release wrote this file
 * - `not_a_database`: the file is something else, and was left as it is
 * - `constraint`: a value that must be unique is not, or a row it refers to is missing
 * - `exists`: there is something already where a file is to be written
 * - `closed`: the store was closed
 * - `io`: the operating system refused
 */
export type StoreErrorKind =
  | "disk_full"
  | "busy"
  | "data_loss"
  | "read_only"
  | "fenced"
  | "locked"
  | "newer_schema"
  | "not_a_database"
  | "constraint"
  | "exists"
  | "closed"
  | "io";

/** Which rule a write broke: `columns` as `table.column`, empty for a foreign key. */
export interface BrokenConstraint {
  readonly type: "unique" | "foreign_key" | "not_null" | "check" | "other";
  readonly columns: readonly string[];
}

/** The daemon that holds a data directory, as far as it is known. */
export interface LockHolder {
  readonly pid: number;
  readonly address: string;
}

export interface StoreErrorDetails {
  readonly cause?: unknown;
  readonly constraint?: BrokenConstraint;
  readonly holder?: LockHolder;
}

/** The only error the store raises for reasons outside the caller's code. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;
  /** Set when `kind` is `constraint`. */
  readonly constraint: BrokenConstraint | undefined;
  /** Set when `kind` is `locked` and the holder has said who it is. */
  readonly holder: LockHolder | undefined;

  constructor(kind: StoreErrorKind, message: string, details: StoreErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.kind = kind;
    this.constraint = details.constraint;
    this.holder = details.holder;
  }

  /** Translates what SQLite threw; anything else, and a StoreError itself, comes back as it is. */
  static from(error: unknown): unknown {
    if (!(error instanceof Database.SqliteError)) return error;
    const kind = kindOf(error.code);
    const advice = ADVICE[kind];
    const message = advice ? `${error.message}: ${advice}` : error.message;
    const constraint = kind === "constraint" ? brokenConstraint(error.code, error.message) : undefined;
    return new StoreError(kind, message, { cause: error, constraint });
  }
}

// Extended codes first where they differ from their family; the longest prefix wins.
const KINDS: readonly (readonly [code: string, kind: StoreErrorKind])[] = [
  ["SQLITE_IOERR_CORRUPTFS", "data_loss"],
  ["SQLITE_IOERR_DATA", "data_loss"],
  ["SQLITE_IOERR_SHORT_READ", "data_loss"],
  ["SQLITE_IOERR_SHMSIZE", "disk_full"],
  ["SQLITE_IOERR", "io"],
  ["SQLITE_FULL", "disk_full"],
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
  ["SQLITE_PROTOCOL", "busy"],
  ["SQLITE_CORRUPT", "data_loss"],
  ["SQLITE_NOTADB", "not_a_database"],
  ["SQLITE_READONLY", "read_only"],
  ["SQLITE_PERM", "read_only"],
  ["SQLITE_CONSTRAINT", "constraint"],
  ["SQLITE_MISMATCH", "constraint"],
  ["SQLITE_TOOBIG", "constraint"],
];

const ADVICE: Partial<Record<StoreErrorKind, string>> = {
  disk_full: "make room on the disk that holds the data directory; writes then go on by themselves",
  busy: "another program holds the database; try again, and close tools that have it open",
  data_loss: "the database is damaged; restore a backup, or salvage it with `sqlite3 stratavore.db .recover`",
  read_only: "check the owner and mode of the data directory and its files",
  not_a_database: "the file was left as it is; move it away or choose another data directory",
  io: "the operating system refused; check the disk that holds the data directory",
};

function kindOf(code: string): StoreErrorKind {
  return KINDS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "io";
}

const CONSTRAINTS: Record<string, BrokenConstraint["type"]> = {
  SQLITE_CONSTRAINT_UNIQUE: "unique",
  SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
  SQLITE_CONSTRAINT_ROWID: "unique",
  SQLITE_CONSTRAINT_FOREIGNKEY: "foreign_key",
  SQLITE_CONSTRAINT_NOTNULL: "not_null",
  SQLITE_CONSTRAINT_CHECK: "check",
};

function brokenConstraint(code: string, message: string): BrokenConstraint {
  const named = /constraint failed: (.*)$/.exec(message)?.[1];
  const columns = named?.split(", ").filter((name) => name.includes(".")) ?? [];
  return { type: CONSTRAINTS[code] ?? "other", columns };
}
