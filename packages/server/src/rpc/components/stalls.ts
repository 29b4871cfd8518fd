/** How often is looked, and what counts as standing still: less is the machine's everyday noise. */
const everyMs = 250;
const stallMs = 500;
const lookBackMs = 120_000;

/** What the event loop's stalls of the last minutes come to. */
export interface RecentStalls {
  readonly sumMs: number;
  readonly longestMs: number;
  /** The time that was looked at. */
  readonly overMs: number;
}

/**
 * Notices when the event loop stands still: a timer that comes late. A sampled percentile would hide it, as one stall of
 * ten seconds is one sample.
 */
export class Stalls {
  readonly #found: { readonly at: number; readonly ms: number }[] = [];
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  recent(): RecentStalls {
    // The call may be the first thing to run after a stall, before the timer.
    this.#look();
    const lengths = this.#found.map(({ ms }) => ms);
    return {
      sumMs: lengths.reduce((sum, ms) => sum + ms, 0),
      longestMs: Math.max(0, ...lengths),
      overMs: Math.min(lookBackMs, performance.now() - this.#startedAt),
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const late = now - this.#last - everyMs;
    this.#last = now;
    if (late >= stallMs) this.#found.push({ at: now, ms: late });
    while (this.#found[0] !== undefined && now - this.#found[0].at > lookBackMs) this.#found.shift();
  }
}
