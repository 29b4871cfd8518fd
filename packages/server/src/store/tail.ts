import { StoreError } from "./errors.js";

/** Waits for commits that touch some topics. */
export interface TopicWaiter {
  /**
   * Resolves once a topic was woken since the waiter was made or since its last `wait` resolved; at once if that has
   * happened already, so nothing committed between two waits is missed. With `ms` it resolves after so many milliseconds at
   * the latest, and nothing of the wait is left. Rejects with the signal's reason when aborted, and with a StoreError
   * `closed` once the waiter or the store is closed.
   */
  wait(ms?: number): Promise<void>;
  /** Ends the waiter; needed unless its signal is aborted. */
  close(): void;
}

interface Topic {
  readonly name: string;
  /** How often it was woken; a waiter remembers what it saw, so one that is not waiting costs a commit nothing. */
  version: number;
  waiters: number;
  readonly waiting: Set<Waiter>;
}

/** The live end of the store: wakes readers after each commit, by topic. It carries no data; readers read the tables. */
export class Tail {
  readonly #topics = new Map<string, Topic>();
  readonly #waiters = new Set<Waiter>();
  #closed = false;

  /** A waiter for any of the topics. */
  changed(topics: readonly string[], signal?: AbortSignal): TopicWaiter {
    const waiter = new Waiter(
      [...new Set(topics)].map((name) => this.#join(name)),
      () => this.#leave(waiter),
      signal,
    );
    this.#waiters.add(waiter);
    if (this.#closed) waiter.close();
    return waiter;
  }

  /** Wakes everyone who waits for one of the topics. */
  notify(topics: Iterable<string>): void {
    for (const name of topics) {
      const topic = this.#topics.get(name);
      if (!topic) continue;
      topic.version++;
      for (const waiter of [...topic.waiting]) waiter.wake();
    }
  }

  /** Ends every waiter. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.close();
  }

  #join(name: string): Topic {
    let topic = this.#topics.get(name);
    if (!topic) {
      topic = { name, version: 0, waiters: 0, waiting: new Set() };
      this.#topics.set(name, topic);
    }
    topic.waiters++;
    return topic;
  }

  #leave(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter)) return;
    for (const topic of waiter.topics) {
      if (--topic.waiters === 0) this.#topics.delete(topic.name);
    }
  }
}

class Waiter implements TopicWaiter {
  readonly topics: readonly Topic[];
  readonly #leave: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#end(this.#signal?.reason);
  #seen: number[];
  #pending: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(topics: readonly Topic[], leave: () => void, signal: AbortSignal | undefined) {
    this.topics = topics;
    this.#leave = leave;
    this.#signal = signal;
    this.#seen = topics.map((topic) => topic.version);
    if (signal?.aborted) this.#ended = { reason: signal.reason };
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  wait(ms?: number): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended.reason);
    if (this.#pending) return this.#pending.promise;
    if (this.topics.some((topic, place) => topic.version !== this.#seen[place])) {
      this.#look();
      return Promise.resolve();
    }
    this.#pending = Promise.withResolvers<void>();
    for (const topic of this.topics) topic.waiting.add(this);
    if (ms !== undefined) this.#timer = setTimeout(() => this.#settle()?.resolve(), ms);
    return this.#pending.promise;
  }

  wake(): void {
    this.#look();
    this.#settle()?.resolve();
  }

  close(): void {
    this.#end(new StoreError("closed", "the wait for changes was closed"));
  }

  #look(): void {
    this.#seen = this.topics.map((topic) => topic.version);
  }

  #settle(): PromiseWithResolvers<void> | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    for (const topic of this.topics) topic.waiting.delete(this);
    return pending;
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#settle()?.reject(reason);
    this.#leave();
  }
}
