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
  readonly #changes: Database.Statement;
  readonly #failure: (error: unknown) => void;
  #running = false;
  #lost: { readonly by: unknown } | undefined;

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
    this.#changes = raw.prepare("SELECT total_changes()").pluck();
  }

  /** Rows changed since the start. */
  get changes(): number {
    return Number(this.#changes.get());
  }

  /** Runs a job's code; statements are open to it for that long. Throws what ended the transaction, should a job swallow it. */
  run<T>(job: () => T): T {
    this.#running = true;
    this.#lost = undefined;
    try {
      const value = job();
      this.#assertKept();
      return value;
    } finally {
      this.#running = false;
    }
  }

  check(): void {
    if (!this.#running) throw new Error("a transaction was used outside of the job it was handed to");
    this.#assertKept();
  }

  failed(error: unknown): unknown {
    const translated = StoreError.from(error);
    if (!this.raw.inTransaction) this.#lost ??= { by: translated };
    this.#failure(translated);
    return translated;
  }

  #assertKept(): void {
    if (this.#lost) throw this.#lost.by;
  }
}
