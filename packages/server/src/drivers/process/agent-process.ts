import type {
  AgentProcess,
  Journal,
  ProcessExit,
  ProcessHandle,
  StopOptions,
  StopReport,
  UsageSample,
} from "../driver.js";
import { DriverError } from "../driver-error.js";
import { FolderWatch } from "./folder-watch.js";
import { Input } from "./input.js";
import { FileJournal } from "./journal.js";
import { stopTree } from "./stop.js";
import type { ProcessTable } from "./table.js";
import { ProcessTree } from "./tree.js";

export interface AgentProcessOptions {
  table: ProcessTable;
  handle: ProcessHandle;
  punchBytes: number;
  /** Begins to wait for the end; what it returns ends the waiting. */
  awaitExit: (watch: FolderWatch, onExit: (exit: ProcessExit) => void) => () => void;
}

/** One agent on this machine, started here or adopted. */
export class LocalProcess implements AgentProcess {
  readonly handle: ProcessHandle;
  readonly stdout: Journal;
  readonly stderr: Journal;
  readonly exited: Promise<ProcessExit>;
  readonly #table: ProcessTable;
  readonly #tree: ProcessTree;
  readonly #input: Input;
  readonly #ended = new AbortController();
  readonly #closed = new AbortController();
  readonly #hurry = new AbortController();
  readonly #letGo: () => void;
  #stopping: Promise<StopReport> | null = null;

  constructor({ table, handle, punchBytes, awaitExit }: AgentProcessOptions) {
    this.handle = handle;
    this.#table = table;
    this.#tree = new ProcessTree(table, handle);
    this.#input = new Input(handle.dir, handle.input, this.#ended.signal);
    const watch = new FolderWatch(handle.dir);
    const owner = { dir: handle.dir, watch, ended: this.#ended.signal, closed: this.#closed.signal };
    this.stdout = new FileJournal(owner, "stdout", punchBytes);
    this.stderr = new FileJournal(owner, "stderr", punchBytes);
    let resolve: (exit: ProcessExit) => void = () => {};
    this.exited = new Promise((settle) => {
      resolve = settle;
    });
    this.#letGo = awaitExit(watch, (exit) => {
      this.#ended.abort();
      this.#tree.cgroup?.remove();
      resolve(exit);
    });
  }

  write(data: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#input.write(data, options.signal);
  }

  endInput(): Promise<void> {
    return this.#input.end();
  }

  stop({ force = false, graceMs }: StopOptions): Promise<StopReport> {
    if (force) this.#hurry.abort();
    this.#stopping ??= this.#stop(graceMs).finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  freeze(): Promise<void> {
    return this.#tree.freeze();
  }

  thaw(): Promise<void> {
    return this.#tree.thaw();
  }

  sample(): Promise<UsageSample> {
    return this.#tree.sample();
  }

  async detach(): Promise<void> {
    this.#closed.abort();
    this.#input.close(new DriverError("detached", "The daemon has let go of this agent."));
    this.#letGo();
  }

  async #stop(graceMs: number): Promise<StopReport> {
    const target = {
      table: this.#table,
      handle: this.handle,
      tree: this.#tree,
      ended: this.#ended.signal,
      endInput: () => this.#input.endNow(),
    };
    const report = await stopTree(target, graceMs, this.#hurry.signal);
    this.#tree.cgroup?.remove();
    return report;
  }
}
