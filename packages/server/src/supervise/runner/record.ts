import type { Store, Transaction } from "../../store/index.js";
import type { Log } from "../log.js";
import { SerialQueue } from "../serial-queue.js";
import type { Outgoing, Prompt } from "./dispatch.js";
import { RunnerMemory } from "./memory.js";
import { type OutboxLine, post, strike } from "./outbox.js";
import { untilStored } from "./until-stored.js";

/** How far into an agent's output everything is stored. */
export interface Position {
  stream: "stdout" | "stderr";
  offset: bigint;
}

/** Runs in a transaction; gets the memory as the store has it, also when it runs again. */
export type Job<Out extends Outgoing> = (tx: Transaction, memory: RunnerMemory) => Out;

export interface RecordOptions {
  store: Store;
  log: Log;
  runnerId: string;
  memory: RunnerMemory;
  /** Aborted when the daemon lets go of the agent. */
  closing: AbortSignal;
  /** Called after each commit with what it leads to, in the order of the commits. */
  committed: (lines: readonly OutboxLine[], prompts: readonly Prompt[]) => void;
}

/** What is known of one live runner, in memory and in the store, and the one way from the first to the second. */
export class RunnerRecord {
  readonly #options: RecordOptions;
  readonly #queue = new SerialQueue();
  readonly #written = new Set<number>();
  #memory: RunnerMemory;
  /** Things that have happened and that the store does not take now. */
  #refused = 0;
  /** The memory ran ahead of the store, because a transaction failed. */
  #stale = false;

  constructor(options: RecordOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  get memory(): RunnerMemory {
    return this.#memory;
  }

  /** Whether something that has happened waits for a store that fails. */
  get isBehind(): boolean {
    return this.#refused > 0;
  }

  /** Lines that the start, or an earlier daemon, left to be written. */
  get unwritten(): readonly OutboxLine[] {
    return [...this.#memory.stored.outbox.lines];
  }

  /** A line of the outbox has reached the agent. */
  written(id: number): void {
    this.#written.add(id);
  }

  /** Commits a job together with what the memory has become, and the position. */
  change<Out extends Outgoing>(job: Job<Out>, position?: Position): Promise<Out> {
    return this.#queue.run(() => this.#commit(job, position));
  }

  /** Tries again until the store can take it: for what has happened already. `waiting` is called between tries. */
  async insist<Out extends Outgoing>(
    job: Job<Out>,
    position?: Position,
    waiting: () => Promise<void> = async () => {},
  ): Promise<Out> {
    const { log, runnerId: runner, closing: signal } = this.#options;
    let refused = 0;
    try {
      // A place in the queue for each try: a stop must not wait behind a store that fails.
      return await untilStored(() => this.change(job, position), {
        signal,
        failing: (error) => {
          refused = 1;
          this.#refused++;
          log.error({ runner, error }, "what an agent said cannot be stored; trying again");
        },
        waiting,
        recovered: () => log.info({ runner }, "what the agent said is stored"),
      });
    } finally {
      this.#refused -= refused;
    }
  }

  /** Waits for what is under way, and stores which lines have been written. */
  async settle(): Promise<void> {
    await this.#queue.run(async () => {
      if (this.#written.size > 0) await this.#commit(() => ({ lines: [], prompts: [] }));
    });
  }

  async #commit<Out extends Outgoing>(job: Job<Out>, position?: Position): Promise<Out> {
    const { store, runnerId } = this.#options;
    let struck = new Set<number>();
    const { out, lines } = await store.transaction((tx) => {
      if (this.#stale) this.#reload(tx);
      // The store may run a job again; until it has committed, what is in memory counts for nothing.
      this.#stale = true;
      const { outbox } = this.#memory.stored;
      struck = new Set(this.#written);
      strike(outbox, struck);
      const out = job(tx, this.#memory);
      const lines = post(outbox, out.lines);
      tx.processes.update(runnerId, { ...offsetOf(position), adapterState: this.#memory.snapshot() });
      return { out, lines };
    });
    this.#stale = false;
    for (const id of struck) this.#written.delete(id);
    this.#options.committed(lines, out.prompts);
    return out;
  }

  #reload(tx: Transaction): void {
    const row = tx.processes.get(this.#options.runnerId);
    if (row !== undefined) this.#memory = RunnerMemory.load(row);
  }
}

function offsetOf(position: Position | undefined) {
  if (position === undefined) return {};
  const { stream, offset } = position;
  return stream === "stdout" ? { stdoutOffset: offset } : { stderrOffset: offset };
}
