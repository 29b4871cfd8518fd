import { setTimeout as delay } from "node:timers/promises";
import { turnRunning } from "../../domain/turns.js";
import type { AgentProcess } from "../../drivers/driver.js";
import { DriverError } from "../../drivers/driver-error.js";
import type { Transaction } from "../../store/index.js";
import type { Log } from "../log.js";
import { applyUpdates } from "./apply.js";
import { nothing, type Outgoing, type Prompt, turnUndelivered } from "./dispatch.js";
import type { RunnerMemory } from "./memory.js";
import type { OutboxLine } from "./outbox.js";
import type { RunnerRecord } from "./record.js";

/** How long an agent whose input is shut may take to be known to have ended. */
const endMs = 1_000;

export interface DeliveryOptions {
  runnerId: string;
  process: AgentProcess;
  facts: { pid: number; cwd: string };
  record: RunnerRecord;
  log: Log;
  /** Aborted when the daemon lets go of the agent. */
  closing: AbortSignal;
}

/** Writes to an agent what is committed as to be said to it. */
export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  send(lines: readonly OutboxLine[], prompts: readonly Prompt[]): void {
    for (const line of lines) this.#write(line);
    for (const prompt of prompts) this.#sendPrompt(prompt);
  }

  /** Ends a line that an earlier daemon may have torn; the agent drops it as garbage. */
  endTornLine(): void {
    this.#options.process.write(Buffer.from("\n")).catch((error) => this.#unwritten(error));
  }

  #write({ id, text }: OutboxLine): void {
    const { process, record } = this.#options;
    process.write(Buffer.from(`${text}\n`)).then(
      () => record.written(id),
      (error) => this.#unwritten(error),
    );
  }

  #sendPrompt(prompt: Prompt): void {
    const { process, record } = this.#options;
    const bytes = Buffer.from(prompt.lines.map((line) => `${line}\n`).join(""));
    const settled = process.write(bytes).then(
      () => record.insist((tx, memory) => this.#delivered(tx, memory, prompt)),
      (error) => this.#undelivered(prompt, error),
    );
    settled.catch((error) => this.#unwritten(error));
  }

  #delivered(tx: Transaction, memory: RunnerMemory, { turnId, updates }: Prompt): Outgoing {
    const turn = tx.turns.byId(turnId);
    if (turn !== undefined && turn.endedAt === null) turnRunning(tx, turn);
    return applyUpdates(tx, this.#options.runnerId, memory, this.#options.facts, updates);
  }

  /** An agent that lives and takes no input leaves its turn unanswered; one that has ended says so by its end. */
  async #undelivered(prompt: Prompt, error: unknown): Promise<void> {
    const { process, record, closing: signal } = this.#options;
    if (signal.aborted) return;
    const ended = process.exited.then(() => true);
    if (await Promise.race([ended, delay(endMs, false, { signal })])) return;
    const why = error instanceof Error ? error.message : String(error);
    await record.insist((tx, memory) => ({
      ...nothing(),
      prompts: turnUndelivered(tx, prompt, memory, why),
    }));
  }

  #unwritten(error: unknown): void {
    const { closing, log, runnerId } = this.#options;
    if (closing.aborted) return;
    const isFull = error instanceof DriverError && error.code === "input_full";
    // Input that ended is no news: the end of the process says what became of it.
    if (isFull) log.warn({ runner: runnerId, error }, "the agent does not read its input");
    else log.debug({ runner: runnerId, error }, "the agent takes no input");
  }
}
