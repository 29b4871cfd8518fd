import type Database from "better-sqlite3";
import type { Guard, Raw } from "./connection.js";
import { StoreError } from "./errors.js";

/**
 * The one connection that writes, and the guard of its statements: they run inside a job only, and not after SQLite
 * ended the transaction under it, when each would commit on its own.
 */
export class Writer implements Guard {
  readonly raw: Raw;
  readonly begin: Database.Statement;
  readonly commit: Database.Statement;
  readonly rollback: Database.Statement;
  readonly savepoint: Database.Statement;
  readonly release: Database.Statement;
  readonly rollbackTo: Database.Statement;
  readonly generation: Database.Statement;
  readonly #failure: (error: unknown) => void;
  #job: "none" | "running" | "lost" = "none";

  /** `failure` is told of each error that SQLite raises, translated. */
  constructor(raw: Raw, failure: (error: unknown) => void) {
    this.raw = raw;
    this.#failure = failure;
    this.begin = raw.prepare("BEGIN IMMEDIATE");
    this.commit = raw.prepare("COMMIT");
    this.rollback = raw.prepare("ROLLBACK");
    this.savepoint = raw.prepare("SAVEPOINT job");
    this.release = raw.prepare("RELEASE job");
    this.rollbackTo = raw.prepare("ROLLBACK TO job");
    this.generation = raw.prepare("SELECT value FROM meta WHERE key = 'generation'").pluck();
  }

  /** Runs a job's code; statements are open to it for that long. */
  run<T>(job: () => T): T {
    this.#job = "running";
    try {
      return job();
    } finally {
      this.#job = "none";
    }
  }

  check(): void {
    if (this.#job === "running") return;
    if (this.#job === "lost") throw new StoreError("io", "the transaction was ended by an earlier error");
    throw new Error("a transaction was used outside of the job it was handed to");
  }

  failed(error: unknown): unknown {
    if (!this.raw.inTransaction) this.#job = "lost";
    const translated = StoreError.from(error);
    this.#failure(translated);
    return translated;
  }
}
