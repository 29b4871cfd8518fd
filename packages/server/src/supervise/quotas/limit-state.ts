import type { QuotaAction } from "@stratavore/proto";

/** Part of a limit below which what was done about it is forgotten, so that use that hovers around it is one breach. */
const rearmBelow = 0.9;

/** One limit of a project or runner, from sample to sample. */
export class LimitState {
  /** What was done about which runner in this breach; what it is that was done is the caller's to say. */
  readonly done = new Map<string, string>();
  #limit = 0;
  #action: QuotaAction | undefined;
  #above = 0;

  /** @param samples how many in a row have to be above the limit */
  constructor(readonly samples: number) {}

  /** Takes a sample; true if something is to be done. A new limit or action begins anew. */
  observe(value: number, limit: number, action: QuotaAction): boolean {
    if (limit !== this.#limit || action !== this.#action) {
      this.#limit = limit;
      this.#action = action;
      this.#above = 0;
      this.done.clear();
    }
    if (limit > 0 && value > limit) return ++this.#above >= this.samples;
    this.#above = 0;
    if (value < limit * rearmBelow) this.done.clear();
    return false;
  }

  /** Something was done; it gets as many samples to show as the breach took. */
  acted(runnerId: string, what: string): void {
    this.done.set(runnerId, what);
    this.#above = 0;
  }
}
