import type { TokenUsage } from "./answer/answer.js";
import { noUsage } from "./dialect.js";
import type { Json } from "./json.js";
import type { ModelApiName } from "./request.js";

/** How a request ended: answered, with an error, or broken off by either side; `open` while it has not. */
export type Outcome = "open" | "answered" | "failed" | "dropped" | "left";

/** One request and what was served for it. */
export interface LogEntry {
  /** The same as in the response. */
  readonly requestId: string;
  /** When it came. */
  readonly at: Date;
  readonly api: ModelApiName;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** `answer` is a step of a conversation, `side` what an agent asks beside it, `other` calls no model. */
  readonly kind: "answer" | "side" | "other";
  /** As it was asked for; empty if the request calls no model. */
  readonly model: string;
  readonly stream: boolean;
  /** The key that the client sent; empty without one. */
  readonly key: string;
  /** How many messages the request carried. */
  readonly messages: number;
  /** What the client was told that it used; less than the answer's usage if it never saw the end. */
  readonly usage: Readonly<TokenUsage>;
  /** The HTTP status; 0 before it is sent. */
  readonly status: number;
  readonly outcome: Outcome;
  /** The request's body; undefined once it is too old to be kept. */
  readonly body?: Json;
}

/** What was used, and by how many requests. */
export interface Totals extends TokenUsage {
  /** Requests to a model, the failed ones included. */
  requests: number;
}

/** How much the log keeps. */
export interface LedgerOptions {
  /** Entries that are kept; the totals go on counting what was dropped. Default: 10,000 */
  readonly maxEntries?: number;
  /** Bodies that are kept, of the newest entries. Default: 100 */
  readonly maxBodies?: number;
}

interface Waiter {
  readonly matches: (entry: LogEntry) => boolean;
  readonly resolve: (entry: LogEntry) => void;
}

/** Every request that came, in its order, and what was served for it: what a client's own figures are held against. */
export class Ledger {
  readonly #entries: LogEntry[] = [];
  readonly #totals = new Map<string, Totals>();
  readonly #waiters = new Set<Waiter>();
  readonly #maxEntries: number;
  readonly #maxBodies: number;

  constructor({ maxEntries = 10_000, maxBodies = 100 }: LedgerOptions = {}) {
    this.#maxEntries = maxEntries;
    this.#maxBodies = maxBodies;
  }

  /** The newest entries, oldest first. An entry changes no more once its outcome is not `open`. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** What was used by model, of every request since the start or the last clear. */
  byModel(): ReadonlyMap<string, Readonly<Totals>> {
    return this.#totals;
  }

  /** What all models used together. */
  total(): Totals {
    const sum = { ...noUsage, requests: 0 };
    for (const each of this.#totals.values()) addTo(sum, each);
    return sum;
  }

  /** The first entry that matches, of those kept or as soon as one does. */
  waitFor(matches: (entry: LogEntry) => boolean): Promise<LogEntry> {
    const found = this.#entries.find(matches);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiters.add({ matches, resolve }));
  }

  /** Forgets all entries and totals. */
  clear(): void {
    this.#entries.length = 0;
    this.#totals.clear();
  }

  /** Notes a request; the returned function notes what became of it. */
  open(entry: LogEntry): (change: Partial<LogEntry>) => void {
    let current = entry;
    this.#entries.push(entry);
    if (this.#entries.length > this.#maxEntries) this.#entries.shift();
    const tooOld = this.#entries.length - 1 - this.#maxBodies;
    const old = this.#entries[tooOld];
    if (old) this.#entries[tooOld] = { ...old, body: undefined };
    if (entry.model !== "") addTo(this.#totalsOf(entry.model), { ...noUsage, requests: 1 });
    this.#tell(entry);
    return (change) => {
      const index = this.#entries.findLastIndex(({ requestId }) => requestId === entry.requestId);
      const kept = this.#entries[index];
      const next = { ...(kept ?? current), ...change };
      if (entry.model !== "")
        addTo(this.#totalsOf(entry.model), { ...difference(next, current), requests: 0 });
      if (kept) this.#entries[index] = next;
      current = next;
      this.#tell(next);
    };
  }

  #totalsOf(model: string): Totals {
    const known = this.#totals.get(model) ?? { ...noUsage, requests: 0 };
    this.#totals.set(model, known);
    return known;
  }

  #tell(entry: LogEntry): void {
    for (const waiter of this.#waiters) {
      if (!waiter.matches(entry)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(entry);
    }
  }
}

const counted = ["input", "output", "cacheRead", "cacheWrite", "reasoning"] as const;

function difference(next: LogEntry, before: LogEntry): TokenUsage {
  const change = { ...noUsage };
  for (const name of counted) change[name] = next.usage[name] - before.usage[name];
  return change;
}

function addTo(sum: Totals, more: Totals): void {
  for (const name of counted) sum[name] += more[name];
  sum.requests += more.requests;
}
