import { ApprovalState } from "@stratavore/proto";
import { approvalMessage, approvalsTopic } from "../../domain/approvals.js";
import type { Store } from "../../store/index.js";
import type { Log } from "../log.js";
import { type NotifyOptions, runNotify } from "./notify-command.js";

/** Commands that may run at a time; the approvals after them wait. */
const maxRunning = 4;
/** Those that wait are listed up to this many at a time. */
const maxWaiting = 10_000;

export interface AnnouncementOptions {
  store: Store;
  log: Log;
  notify: NotifyOptions;
  environment: NodeJS.ProcessEnv;
}

/**
 * Runs a command for each approval that waits for an answer: once, and once more at the start of a daemon if it still
 * waits then. Nothing waits for the command.
 */
export class ApprovalAnnouncements {
  readonly #options: AnnouncementOptions;
  readonly #closing = new AbortController();
  readonly #announced = new Set<string>();
  readonly #queue: string[] = [];
  readonly #running = new Set<Promise<void>>();
  #following: Promise<void> | undefined;

  /** @throws TypeError for a command without a program */
  constructor(options: AnnouncementOptions) {
    if (!options.notify.command[0]) throw new TypeError("notify.command needs a program to run");
    this.#options = options;
  }

  start(): void {
    // A closed store, or the end of this, ends the wait.
    this.#following ??= this.#follow().catch(() => {});
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("closed"));
    await this.#following;
    await Promise.all(this.#running);
  }

  async #follow(): Promise<void> {
    const waiter = this.#options.store.tail.changed([approvalsTopic], this.#closing.signal);
    for (;;) {
      try {
        this.#look();
      } catch (error) {
        // The next question is a new try.
        this.#options.log.warn({ error }, "approvals could not be looked for");
      }
      await waiter.wait();
    }
  }

  #look(): void {
    const waiting = new Set(
      this.#options.store.read.approvals.pending({ limit: maxWaiting }).map(({ id }) => id),
    );
    for (const id of this.#announced) if (!waiting.has(id)) this.#announced.delete(id);
    for (const id of waiting) {
      if (this.#announced.has(id)) continue;
      this.#announced.add(id);
      this.#queue.push(id);
    }
    this.#fill();
  }

  #fill(): void {
    while (this.#running.size < maxRunning && !this.#closing.signal.aborted) {
      const id = this.#queue.shift();
      if (id === undefined) return;
      const run = this.#announce(id).finally(() => {
        this.#running.delete(run);
        this.#fill();
      });
      this.#running.add(run);
    }
  }

  async #announce(id: string): Promise<void> {
    const { store, log, notify, environment } = this.#options;
    try {
      const row = store.read.approvals.byId(id);
      if (row?.state !== ApprovalState.PENDING) return;
      const problem = await runNotify(notify, approvalMessage(row), environment, this.#closing.signal);
      if (problem !== undefined) log.warn({ approval: id, problem }, "the notify command failed");
    } catch (error) {
      log.warn({ approval: id, error }, "an approval could not be announced");
    }
  }
}
