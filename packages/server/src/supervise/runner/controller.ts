import { shuttingDown } from "../../domain/errors.js";
import type { AgentProcess, StopReport } from "../../drivers/driver.js";
import type { Store, Transaction } from "../../store/index.js";
import type { Log } from "../log.js";
import { orAborted } from "../or-aborted.js";
import { Delivery } from "./delivery.js";
import { nothing, type Outgoing } from "./dispatch.js";
import { type Ending, recordEnding, recordProcessEnd } from "./ending.js";
import { Intake } from "./intake.js";
import type { RunnerMemory } from "./memory.js";
import { RunnerRecord } from "./record.js";
import { isGone } from "./until-stored.js";

export interface ControllerContext {
  store: Store;
  log: Log;
  /** Output that may wait unread in a journal, in bytes; an agent that gets further ahead is ended. */
  maxUnreadBytes: number;
  /** Called once the end of the runner is recorded. */
  ended: (runnerId: string) => void;
  /** Called when the agent can no longer be followed because of a fault here; reconciliation takes it up again. */
  lost: (runnerId: string) => void;
}

export interface ControllerStart {
  runnerId: string;
  process: AgentProcess;
  memory: RunnerMemory;
  pid: number;
  cwd: string;
  offsets: { stdout: bigint; stderr: bigint };
  /** An earlier daemon may have died in the middle of a line to the agent. */
  torn: boolean;
}

/** One live runner: its agent is read, spoken to and ended through here. */
export class RunnerController {
  readonly runnerId: string;
  readonly pid: number;
  /** Where its process was started. */
  readonly cwd: string;
  readonly process: AgentProcess;
  readonly #context: ControllerContext;
  readonly #closing = new AbortController();
  readonly #record: RunnerRecord;
  readonly #intake: Intake;
  #failure: string | undefined;
  #stopping: Promise<StopReport> | undefined;
  readonly #done: Promise<void>;

  constructor(context: ControllerContext, start: ControllerStart) {
    const { store, log, maxUnreadBytes } = context;
    const { runnerId, process, memory, pid, cwd } = start;
    this.runnerId = runnerId;
    this.pid = pid;
    this.cwd = cwd;
    this.process = process;
    this.#context = context;
    const closing = this.#closing.signal;
    const record = new RunnerRecord({
      store,
      log,
      runnerId,
      memory,
      closing,
      committed: (lines, prompts) => delivery.send(lines, prompts),
    });
    const common = { runnerId, process, facts: { pid, cwd }, record, log, closing };
    const delivery = new Delivery(common);
    this.#record = record;
    this.#intake = new Intake({ ...common, maxUnreadBytes, fail: (reason) => this.fail(reason) });
    if (start.torn) delivery.endTornLine();
    delivery.send(record.unwritten, []);
    this.#done = this.#run(start.offsets);
    // Decided by an earlier daemon, which may not have carried it out.
    if (memory.stored.failure !== undefined) this.fail(memory.stored.failure);
  }

  /** Settles when the runner is no longer followed. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Whether what its agent has said waits for a store that fails. */
  get isBehind(): boolean {
    return this.#record.isBehind;
  }

  get adapter() {
    return this.#record.memory.adapter;
  }

  /**
   * Commits something that changes what the agent is told. The job gets the memory as the store has it, also when it
   * runs again.
   *
   * @throws what the job throws, StoreError, or DomainError unavailable once the daemon lets go of the agent
   */
  async change<T>(job: (tx: Transaction, memory: RunnerMemory) => { value: T; out: Outgoing }): Promise<T> {
    const { value } = await this.#record.change((tx, memory) => {
      if (this.#closing.signal.aborted) throw shuttingDown();
      const { value, out } = job(tx, memory);
      return { ...out, value };
    });
    return value;
  }

  /** Ends the agent and all it started; a second call joins the first, and with `force` cuts it short. */
  stop(options: { force: boolean; graceMs: number }): Promise<StopReport> {
    const stop = this.process.stop(options);
    this.#stopping ??= stop;
    const isOver = () => {
      if (this.#stopping === stop) this.#stopping = undefined;
    };
    stop.then(({ left }) => left.length > 0 && isOver(), isOver);
    return stop;
  }

  /** Whether a stop is under way, or has left nothing to stop. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** The agent cannot go on: it is ended, and the runner fails with the first reason given. */
  fail(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.stop({ force: false, graceMs: 2_000 }).catch((error) => {
      this.#context.log.error({ runner: this.runnerId, error }, "a failed agent could not be ended");
    });
  }

  /** Lets the agent go on without this daemon. Settles when nothing of it is being written any more. */
  async close(): Promise<void> {
    this.#letGo();
    await this.#done;
    // What is written shall not be written again by the next daemon; if that cannot be stored, it can.
    await this.#record.settle().catch(() => {});
  }

  #letGo(): void {
    this.#closing.abort(shuttingDown());
    void this.process.detach();
  }

  async #run({ stdout, stderr }: ControllerStart["offsets"]): Promise<void> {
    const { log, ended, lost } = this.#context;
    try {
      await Promise.all([
        this.#intake.read("stdout", Number(stdout)),
        this.#intake.read("stderr", Number(stderr)),
      ]);
      const { status } = await orAborted(this.process.exited, this.#closing.signal);
      await this.#end({ exitCode: status, report: await this.#leftovers() });
      ended(this.runnerId);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#letGo();
      log.error({ runner: this.runnerId, error }, "the runner is no longer followed");
      lost(this.runnerId);
    }
  }

  /** What a process leaves behind when it ends by itself is ended too, and a stop under way is waited for. */
  async #leftovers(): Promise<StopReport | undefined> {
    try {
      return await (this.#stopping ?? this.process.stop({ force: true, graceMs: 0 }));
    } catch (error) {
      const facts = { runner: this.runnerId, error };
      this.#context.log.error(facts, "what the agent left behind could not be looked for");
      return undefined;
    }
  }

  async #end(known: Pick<Ending, "exitCode" | "report">): Promise<void> {
    const ending = { ...known, failure: this.#failure, unreadable: this.#intake.firstUnreadable };
    const record = (how: (tx: Transaction, memory: RunnerMemory) => void) =>
      this.#record.insist((tx, memory) => {
        how(tx, memory);
        return nothing();
      });
    try {
      await record((tx, memory) => recordEnding(tx, this.runnerId, memory, ending));
    } catch (error) {
      if (this.#closing.signal.aborted || isGone(error)) throw error;
      const facts = { runner: this.runnerId, error };
      this.#context.log.error(facts, "the end of a runner's sessions could not be recorded");
      await record((tx, memory) => {
        const runner = tx.runners.byId(this.runnerId);
        if (runner !== undefined) recordProcessEnd(tx, runner, memory, ending);
      });
    }
  }
}
