import { type Backup, backupTo } from "./backup.js";
import { CommitQueue } from "./commit-queue.js";
import { connect, type Guard, type Raw } from "./connection.js";
import { StoreError } from "./errors.js";
import { HealthRecord, type StoreHealth } from "./health.js";
import { type Identity, markClean } from "./identity.js";
import { type RunningCheck, startQuickCheck } from "./integrity.js";
import type { DirectoryLock } from "./lock.js";
import { createReads, createTransaction, type Reads, type Transaction } from "./queries/index.js";
import { Tail } from "./tail.js";
import { Writer } from "./writer.js";

/** What an opened database consists of. */
export interface StoreParts {
  readonly writer: Raw;
  /** The same handle as `writer` in memory. */
  readonly reader: Raw;
  readonly identity: Identity;
  /** The database's path; null in memory. */
  readonly file: string | null;
  readonly lock: DirectoryLock | null;
  readonly sqliteModule?: string | undefined;
}

/** The durable state of one data directory. */
export class Store implements AsyncDisposable {
  /** Reads of what is committed, each on its own. */
  readonly read: Reads;
  /** Wakes readers after commits. */
  readonly tail = new Tail();
  /** Names this history of the event log; a restored copy has another. */
  readonly epoch: string;
  /** Counts the openings of this file, from 1. */
  readonly generation: number;
  /** The database's path; null in memory. */
  readonly file: string | null;
  readonly #parts: StoreParts;
  readonly #queue: CommitQueue;
  readonly #health = new HealthRecord(() => this.tail.notify(["health"]));
  #check: RunningCheck | undefined;
  #backups = new Set<Promise<Backup>>();
  #closing: Promise<void> | undefined;
  #open = true;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.epoch = parts.identity.epoch;
    this.generation = parts.identity.generation;
    this.file = parts.file;
    const failed = (error: unknown) => this.#health.writeFailed(error);
    const writer = new Writer(parts.writer, failed);
    this.#queue = new CommitQueue({
      writer,
      transaction: (wake) => createTransaction(connect(parts.writer, writer), wake),
      generation: this.generation,
      committed: (topics, wrote) => {
        if (wrote) this.#health.written();
        this.tail.notify(topics);
      },
      failed,
    });
    this.read = createReads(connect(parts.reader, this.#readGuard()));
    if (parts.file !== null && !parts.identity.wasClean) this.#startCheck(parts.file);
  }

  /**
   * Runs a synchronous job without outside effects in a transaction; it may run again if the disk was full. The
   * promise settles once the job is on disk or undone: with what the job returned, with what it threw, or with a StoreError.
   * Jobs queued in one turn of the event loop share a commit, and each undoes only itself.
   */
  transaction<T>(fn: (tx: Transaction) => T): Promise<T> {
    return this.#queue.push(fn);
  }

  /** Runs several reads on one state of the database. `fn` is synchronous. */
  snapshot<T>(fn: (read: Reads) => T): T {
    this.#assertOpen();
    const { reader } = this.#parts;
    if (reader.inTransaction) return fn(this.read);
    reader.exec("BEGIN");
    try {
      const value = fn(this.read);
      if (typeof (value as PromiseLike<unknown> | undefined)?.then === "function") {
        throw new TypeError(
          "a snapshot's function must not return a promise: the snapshot ends when it returns",
        );
      }
      return value;
    } finally {
      if (reader.inTransaction) reader.exec("COMMIT");
    }
  }

  /** Writes something, to see whether that works. @throws StoreError */
  checkWrites(): Promise<void> {
    return this.transaction((tx) => tx.probe.write());
  }

  health(): StoreHealth {
    return this.#health.current;
  }

  /**
   * Copies the database to a path that is free, while it goes on working. Opening the copy gives it an epoch of its own.
   * Raises `exists` if the path is taken; the signal's reason when it aborts.
   */
  async backup(path: string, signal?: AbortSignal): Promise<Backup> {
    this.#assertOpen();
    const backup = backupTo(this.#parts.writer, path, signal);
    this.#backups.add(backup);
    try {
      return await backup;
    } finally {
      this.#backups.delete(backup);
    }
  }

  /** Commits what is queued, waits for backups, ends every wait for changes, and lets the data directory go. Again: the same. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { writer, reader, lock, file } = this.#parts;
    await this.#queue.close();
    await Promise.allSettled(this.#backups);
    this.#open = false;
    this.tail.close();
    this.#check?.stop();
    try {
      if (file !== null) {
        reader.close();
        this.#leaveInOrder(writer);
      }
    } finally {
      writer.close();
      lock?.release();
    }
  }

  #leaveInOrder(writer: Raw): void {
    // The file belongs to whoever opened it last; and what is not known to be sound is looked at again next time.
    const mine = writer.prepare("SELECT value FROM meta WHERE key = 'generation'").pluck().get();
    if (Number(mine) !== this.generation || this.#health.current.file !== "sound") return;
    try {
      markClean(writer);
      writer.pragma("wal_checkpoint(TRUNCATE)");
    } catch (error) {
      this.#health.writeFailed(StoreError.from(error));
    }
  }

  #startCheck(file: string): void {
    this.#health.checking();
    this.#check = startQuickCheck(file, this.#parts.sqliteModule);
    void this.#check.result.then((problems) => this.#health.checked(problems));
  }

  #readGuard(): Guard {
    return {
      check: () => this.#assertOpen(),
      failed: (error) => {
        const translated = StoreError.from(error);
        this.#health.failed(translated);
        return translated;
      },
    };
  }

  #assertOpen(): void {
    if (!this.#open) throw new StoreError("closed", "the store is closed");
  }
}
