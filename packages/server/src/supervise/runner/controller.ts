import type { AgentUpdate } from "../../agents/index.js";
import { turnRunning } from "../../domain/turns.js";
import type { AgentProcess, Journal, LineBatch, StopReport } from "../../drivers/driver.js";
import type { Store, Transaction } from "../../store/index.js";
import type { Log } from "../log.js";
import { SerialQueue } from "../serial-queue.js";
import { type Applied, applyUpdates } from "./apply.js";
import { merged } from "./coalesce.js";
import type { Outgoing, Prompt } from "./dispatch.js";
import { recordEnding } from "./ending.js";
import { RunnerMemory } from "./memory.js";
import { StderrTail } from "./stderr-tail.js";

export interface ControllerContext {
  store: Store;
  log: Log;
  /** Called once the end of the runner is recorded. */
  ended: (runnerId: string) => void;
}

export interface ControllerStart {
  runnerId: string;
  process: AgentProcess;
  memory: RunnerMemory;
  pid: number;
  cwd: string;
  offsets: { stdout: bigint; stderr: bigint };
  /** Taken over from an earlier daemon: input may be torn, and what was to be written is written again. */
  adopted: boolean;
}

const retryMs = 1_000;

/** One live runner: reads what its agent says, commits it, and writes what is to be said to it. */
export class RunnerController {
  readonly runnerId: string;
  readonly #context: ControllerContext;
  readonly #process: AgentProcess;
  readonly #facts: { pid: number; cwd: string };
  readonly #queue = new SerialQueue();
  readonly #closing = new AbortController();
  readonly #stderr = new StderrTail();
  #memory: RunnerMemory;
  /** The memory ran ahead of the store, because a transaction failed. */
  #stale = false;
  #failure: string | undefined;
  #report: StopReport | undefined;
  #stopping: Promise<StopReport> | undefined;
  readonly #done: Promise<void>;

  constructor(context: ControllerContext, start: ControllerStart) {
    this.#context = context;
    this.runnerId = start.runnerId;
    this.#process = start.process;
    this.#memory = start.memory;
    this.#facts = { pid: start.pid, cwd: start.cwd };
    if (start.adopted) this.#resend();
    this.#done = this.#run(start.offsets);
  }

  get pid(): number {
    return this.#facts.pid;
  }

  get process(): AgentProcess {
    return this.#process;
  }

  get adapter() {
    return this.#memory.adapter;
  }

  /**
   * Commits something that changes what the agent is told. The job gets the memory as the store has it, also when it
   * runs again.
   */
  change<T>(job: (tx: Transaction, memory: RunnerMemory) => { value: T; out: Outgoing }): Promise<T> {
    return this.#queue.run(async () => {
      const { value, out } = await this.#commit(job);
      this.#send(out);
      return value;
    });
  }

  /** Writes what was committed as to be said first. */
  greet(lines: readonly string[]): void {
    for (const line of lines) this.#write(line);
  }

  /** Ends the agent and all it started; a second call joins the first, and with `force` cuts it short. */
  stop(options: { force: boolean; graceMs: number }): Promise<StopReport> {
    const stop = this.#process.stop(options);
    this.#stopping ??= stop;
    void stop.then(
      (report) => {
        this.#report = report;
      },
      () => {},
    );
    return stop;
  }

  /** The agent cannot go on: it is ended, and the runner fails with this reason. */
  fail(reason: string): void {
    this.#failure ??= reason;
    void this.stop({ force: false, graceMs: 2_000 }).catch((error) => {
      this.#context.log.error({ runner: this.runnerId, error }, "a failed agent could not be ended");
    });
  }

  /** Lets the agent go on without this daemon. Settles when nothing of it is being written any more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon lets go of its agents"));
    await this.#process.detach();
    await this.#done;
  }

  async #run(offsets: ControllerStart["offsets"]): Promise<void> {
    try {
      await Promise.all([
        this.#pump("stdout", this.#process.stdout, Number(offsets.stdout)),
        this.#pump("stderr", this.#process.stderr, Number(offsets.stderr)),
      ]);
      if (this.#closing.signal.aborted) return;
      const { status } = await this.#process.exited;
      // What a process leaves behind when it ends by itself is ended too, and a stop under way is waited for.
      this.#report = await (this.#stopping ?? this.#process.stop({ force: true, graceMs: 0 }));
      await this.#queue.run(() =>
        this.#insist(() =>
          this.#commit((tx, memory) => {
            recordEnding(tx, this.runnerId, memory, {
              exitCode: status,
              failure: this.#failure,
              report: this.#report,
              stderrTail: this.#stderr.text,
            });
            return { value: undefined, out: { lines: [], prompts: [] } };
          }),
        ),
      );
      this.#context.ended(this.runnerId);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#context.log.error({ runner: this.runnerId, error }, "the runner is no longer followed");
    }
  }

  async #pump(stream: "stdout" | "stderr", journal: Journal, from: number): Promise<void> {
    for await (const batch of journal.lines(from, { signal: this.#closing.signal })) {
      if (stream === "stderr") this.#stderr.add(batch.lines);
      await this.#queue.run(() => this.#insist(() => this.#ingest(stream, batch)));
      journal.discard(batch.nextOffset);
    }
  }

  async #ingest(stream: "stdout" | "stderr", batch: LineBatch): Promise<void> {
    const offset = BigInt(batch.nextOffset);
    const position = stream === "stdout" ? { stdoutOffset: offset } : { stderrOffset: offset };
    const { out } = await this.#commit((tx, memory) => {
      const received = batch.lines.map(({ text }) => memory.adapter.receive(text, stream));
      const updates = merged(received.flatMap(({ updates }) => updates));
      const applied: Applied = applyUpdates(tx, this.runnerId, memory, this.#facts, updates);
      const lines = [...received.flatMap(({ send }) => send), ...applied.lines];
      return { value: undefined, out: { ...applied, lines } };
    }, position);
    this.#send(out);
    const { unusable, unreadable } = out as Applied;
    if (unreadable.length > 0) {
      const facts = { runner: this.runnerId, lines: unreadable.length, first: unreadable[0]!.slice(0, 200) };
      this.#context.log.warn(facts, "the agent printed lines that are not of its protocol");
    }
    if (unusable !== undefined) this.fail(unusable);
  }

  /** Runs a job in a transaction that also stores what the memory has become. */
  async #commit<T, Out extends Outgoing>(
    job: (tx: Transaction, memory: RunnerMemory) => { value: T; out: Out },
    position: { stdoutOffset?: bigint; stderrOffset?: bigint } = {},
  ): Promise<{ value: T; out: Out }> {
    try {
      return await this.#context.store
        .transaction((tx) => {
          if (this.#stale) this.#reload(tx);
          // The store may run a job again; until it has committed, what is in memory counts for nothing.
          this.#stale = true;
          const result = job(tx, this.#memory);
          this.#memory.stored.outbox.push(...result.out.lines);
          tx.processes.update(this.runnerId, { ...position, adapterState: this.#memory.snapshot() });
          return result;
        })
        .then((result) => {
          this.#stale = false;
          return result;
        });
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  #reload(tx: Transaction): void {
    const row = tx.processes.get(this.runnerId);
    if (row !== undefined) this.#memory = RunnerMemory.load(row);
  }

  /** Tries again while the store cannot take it: what the agent printed waits in its journal. */
  async #insist<T>(job: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await job();
      } catch (error) {
        if (this.#closing.signal.aborted) throw error;
        this.#context.log.error({ runner: this.runnerId, error }, "output could not be stored; trying again");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  #send({ lines, prompts }: Outgoing): void {
    for (const line of lines) this.#write(line);
    for (const prompt of prompts) this.#sendPrompt(prompt);
  }

  #write(line: string): void {
    this.#process.write(Buffer.from(`${line}\n`)).then(
      () => {
        const { outbox } = this.#memory.stored;
        const index = outbox.indexOf(line);
        if (index >= 0) outbox.splice(index, 1);
      },
      (error) => this.#unwritten(error),
    );
  }

  #sendPrompt(prompt: Prompt): void {
    const bytes = Buffer.from(prompt.lines.map((line) => `${line}\n`).join(""));
    this.#process.write(bytes).then(
      () =>
        this.change((tx, memory) => this.#delivered(tx, memory, prompt)).catch((error) =>
          this.#unwritten(error),
        ),
      (error) => this.#unwritten(error),
    );
  }

  #delivered(tx: Transaction, memory: RunnerMemory, { turnId, updates }: Prompt) {
    const turn = tx.turns.byId(turnId);
    if (turn !== undefined && turn.endedAt === null) turnRunning(tx, turn);
    return {
      value: undefined,
      out: applyUpdates(tx, this.runnerId, memory, this.#facts, updates as AgentUpdate[]),
    };
  }

  /** Input that ended is no news: the end of the process says what became of it. */
  #unwritten(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#context.log.debug({ runner: this.runnerId, error }, "the agent takes no input");
  }

  #resend(): void {
    // An earlier daemon may have died in the middle of a line: a newline ends it, and the agent drops it as garbage.
    void this.#process.write(Buffer.from("\n")).catch((error) => this.#unwritten(error));
    for (const line of [...this.#memory.stored.outbox]) this.#write(line);
  }
}
