import { StoreError } from "./errors.js";
import type { Transaction } from "./queries/index.js";
import type { Writer } from "./writer.js";

/** Jobs that commit together at most; what waits beyond them goes with the next turn of the event loop. */
const BATCH_LIMIT = 256;

interface Job {
  readonly fn: (tx: Transaction) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  topics: ReadonlySet<string>;
  wrote: boolean;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

export interface CommitQueueOptions {
  readonly writer: Writer;
  /** The transaction that jobs are handed; it calls `wake` of this queue. */
  readonly transaction: (wake: (topic: string) => void) => Transaction;
  /** Which opening of the file this is; another number in the file fences this queue off. */
  readonly generation: number;
  /** Called after each COMMIT with the topics of the jobs in it, and whether any of them wrote something. */
  readonly committed: (topics: ReadonlySet<string>, wrote: boolean) => void;
  /** Called when a whole commit failed. */
  readonly failed: (error: unknown) => void;
}

/**
 * Gathers jobs until the end of the event-loop turn and commits them as one SQLite transaction, with a savepoint for
 * each, so that a job that throws undoes only itself. A promise settles after the COMMIT that its job was part of.
 */
export class CommitQueue {
  readonly #writer: Writer;
  readonly #tx: Transaction;
  readonly #options: CommitQueueOptions;
  #jobs: Job[] = [];
  #topics = new Set<string>();
  #scheduled = false;
  #closed = false;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#writer = options.writer;
    this.#tx = options.transaction((topic) => this.#topics.add(topic));
  }

  /** Queues a job. */
  push<T>(fn: (tx: Transaction) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError("closed", "the store is closed"));
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ fn, resolve, reject, topics: new Set(), wrote: false, outcome: undefined });
      this.#schedule();
    });
  }

  /** Takes no more, and commits what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    // A job itself may ask for the end: its own commit comes first.
    await null;
    while (this.#jobs.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const batch = this.#jobs.slice(0, BATCH_LIMIT);
    this.#jobs = this.#jobs.slice(BATCH_LIMIT);
    if (batch.length > 0) this.#commit(batch);
  }

  #commit(batch: readonly Job[]): void {
    try {
      this.#begin();
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    try {
      for (const job of batch) this.#run(job);
      this.#writer.commit.run();
    } catch (error) {
      this.#undo();
      // A full disk or the like undid every job of the batch, also those that would fit: each gets its own try.
      if (batch.length > 1) for (const job of batch) this.#commit([job]);
      else this.#fail(batch, error);
      return;
    }
    this.#settle(batch);
  }

  #begin(): void {
    this.#writer.begin.run();
    const generation = Number(this.#writer.generation.get());
    if (generation === this.#options.generation) return;
    this.#undo();
    throw new StoreError(
      "fenced",
      "another daemon has opened this data directory since; stop one of the two, and restart this one if it is to stay",
    );
  }

  /** Runs one job within its savepoint. Throws only what ends the whole transaction. */
  #run(job: Job): void {
    this.#topics = new Set();
    this.#writer.savepoint.run();
    const before = this.#writer.changes;
    try {
      const value = this.#writer.run(() => job.fn(this.#tx));
      refusePromise(value);
      job.wrote = this.#writer.changes !== before;
      job.outcome = { value };
    } catch (error) {
      if (!this.#writer.raw.inTransaction) throw error;
      job.outcome = { error };
      this.#topics.clear();
      this.#writer.rollbackTo.run();
    }
    job.topics = this.#topics;
    this.#writer.release.run();
  }

  #undo(): void {
    if (this.#writer.raw.inTransaction) this.#writer.rollback.run();
  }

  #fail(batch: readonly Job[], error: unknown): void {
    const translated = StoreError.from(error);
    this.#options.failed(translated);
    for (const job of batch) job.reject(translated);
  }

  #settle(batch: readonly Job[]): void {
    const topics = new Set<string>();
    for (const job of batch) {
      for (const topic of job.topics) topics.add(topic);
      const outcome = job.outcome!;
      if ("error" in outcome) job.reject(outcome.error);
      else job.resolve(outcome.value as never);
    }
    const wrote = batch.some((job) => job.wrote);
    this.#options.committed(topics, wrote);
  }
}

function refusePromise(value: unknown): void {
  if (typeof (value as PromiseLike<unknown> | undefined)?.then !== "function") return;
  // Its code goes on after the job and finds the transaction shut; that rejection is this error's, not a second one.
  Promise.resolve(value).catch(() => undefined);
  throw new TypeError(
    "a transaction's function must not return a promise: what it awaits cannot be part of the commit",
  );
}
