import type { Turn } from "./turn.js";

/** A plan that is shown whole each time one of its entries moves on. */
export class Plan {
  readonly #turn: Turn;
  readonly #entries: readonly string[];
  #done = 0;

  constructor(turn: Turn, entries: readonly string[]) {
    this.#turn = turn;
    this.#entries = entries;
  }

  /** Shows the plan with its first open entry in progress. */
  async show(): Promise<void> {
    this.#turn.endMessage();
    await this.#turn.emit({
      sessionUpdate: "plan",
      entries: this.#entries.map((content, index) => ({
        content,
        priority: "medium",
        status: index < this.#done ? "completed" : index === this.#done ? "in_progress" : "pending",
      })),
    });
  }

  /** Completes the entry in progress. */
  async advance(): Promise<void> {
    this.#done += 1;
    await this.show();
  }
}
