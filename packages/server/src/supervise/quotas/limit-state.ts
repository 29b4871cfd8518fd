import type { QuotaAction } from "@stratavore/proto";
import type { RunnerController } from "../runner/controller.js";

/** Part of a limit below which what was done about it is forgotten, so that use that hovers around it is one breach. */
const rearmBelow = 0.9;

/** One limit of a project or runner, from sample to sample. */
export class LimitState {
  /** What was done about whom in this breach: about processes, as a runner that is started again is another case. */
  #done = new WeakMap<RunnerController, string>();
  #begun = false;
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
      this.#forget();
    }
    if (limit > 0 && value > limit) return ++this.#above >= this.samples;
    this.#above = 0;
    if (value < limit * rearmBelow) this.#forget();
    return false;
  }

  /** Something was done; it gets as many samples to show as the breach took. */
  acted(controller: RunnerController, what: string): void {
    this.#done.set(controller, what);
    this.#begun = true;
    this.#above = 0;
  }

  /** What was last done about a runner in this breach. */
  doneTo(controller: RunnerController): string | undefined {
    return this.#done.get(controller);
  }

  /** Whether anything was done in this breach. */
  get isActedOn(): boolean {
    return this.#begun;
  }

  #forget(): void {
    this.#done = new WeakMap();
    this.#begun = false;
  }
}
