import { orAborted } from "../supervise/or-aborted.js";

interface Entry {
  callers: number;
  /** Aborts when the last caller has left. */
  left: AbortController;
  result: Promise<unknown>;
}

/** Calls that ask for the same thing at the same time: it is done once, and given up when the last of them has left. */
export class SharedCalls {
  readonly #entries = new Map<string, Entry>();

  /** Joins the work under way for the key, or begins it. @throws what the work throws; the caller's reason for leaving */
  async join<T>(key: string, caller: AbortSignal, work: (abandoned: AbortSignal) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#begin(key, work);
    entry.callers++;
    try {
      return (await orAborted(entry.result, caller)) as T;
    } finally {
      entry.callers--;
      if (entry.callers === 0) {
        this.#forget(key, entry);
        entry.left.abort(caller.reason);
      }
    }
  }

  #begin<T>(key: string, work: (abandoned: AbortSignal) => Promise<T>): Entry {
    const left = new AbortController();
    const result = work(left.signal);
    const entry = { callers: 0, left, result };
    this.#entries.set(key, entry);
    const over = () => this.#forget(key, entry);
    result.then(over, over);
    return entry;
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
