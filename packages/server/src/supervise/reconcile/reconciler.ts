import { SerialQueue } from "../serial-queue.js";
import type { Supervisor } from "../supervisor.js";
import { type Reconciliation, reconcile } from "./reconcile.js";

/** Reconciles on request and from time to time, one after the other. */
export class Reconciler {
  readonly #queue = new SerialQueue();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    readonly supervisor: Supervisor,
    readonly intervalMs: number,
  ) {}

  /** Sets the timer; before that, only requests are carried out. */
  start(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), this.intervalMs).unref();
  }

  run(options: { dryRun: boolean }): Promise<Reconciliation> {
    return this.#queue.run(() => reconcile(this.supervisor, options));
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#queue.run(async () => {});
  }

  async #look(): Promise<void> {
    const { log } = this.supervisor.options;
    try {
      const { steps } = await this.run({ dryRun: false });
      for (const step of steps) log.warn(step, "reconciled");
    } catch (error) {
      log.error({ error }, "the record and the processes could not be compared");
    }
    this.start();
  }
}
