/** What the caller wants run, resolved and checked: a driver adds nothing but the nonce. */
export interface LaunchSpec {
  /** The runner's own folder, absolute; created, or made 0700. Holds the input FIFO, the journals and the exit status. */
  dir: string;
  /** Random id that was committed before the start (8-128 of `A-Za-z0-9_-`); reaches the agent as STRATAVORE_NONCE. */
  nonce: string;
  /** Absolute path, see `resolveProgram`. */
  program: string;
  args: readonly string[];
  /** The agent's whole environment. Names must be shell identifiers: POSIX sh passes no others on. */
  env: Readonly<Record<string, string>>;
  /** Absolute path of an existing folder. */
  cwd: string;
  /** false: the agent's stdin is /dev/null. */
  input: boolean;
}

/** Names one started process for good; plain JSON, to be stored and given to `adopt`. */
export interface ProcessHandle {
  version: 1;
  dir: string;
  nonce: string;
  /** The wrapper's pid, which is also its session and process group; 0 when it had ended before anyone learned it. */
  pid: number;
  /** The kernel's start time of that pid, in the platform's own notation. */
  startTime: string;
  /** Differs after a reboot, when no pid means anything any more. */
  bootId: string;
  /** The cgroup v2 folder that holds the agent and all it starts; null without one. */
  cgroup: string | null;
  input: boolean;
}

export interface ProcessExit {
  /** As the shell gives it, so 143 can be SIGTERM or `exit 143`; null when it could not be learned. */
  status: number | null;
  /** When the agent ended, in ms since the epoch; null when it could not be learned. */
  at: number | null;
}

export interface JournalLine {
  /** Without the newline; bytes that are not UTF-8 became U+FFFD. */
  text: string;
  invalidUtf8: boolean;
  /** Bytes that are missing from the end of `text` because the line passed the limit. */
  droppedBytes: number;
  /** false only for a last line that the agent never ended. */
  terminated: boolean;
}

export interface LineBatch {
  lines: JournalLine[];
  /** Journal offset after the last line: store it in the transaction that stores what was parsed from the batch. */
  nextOffset: number;
}

export interface LineOptions {
  signal?: AbortSignal;
  /** Longer lines keep their first bytes and report the rest as dropped. Default 16 MiB. */
  maxLineBytes?: number;
}

/** One output stream of an agent, kept in a file that outlives the daemon. Offsets are bytes since the start. */
export interface Journal {
  /**
   * Batches of whole lines from `from` on, as they are written, each read at most 256 KiB. Ends when the process has
   * ended and all was read, when `signal` aborts, and on `detach`. Throws DriverError `journal_failed` when the file
   * cannot be read.
   */
  lines(from: number, options?: LineOptions): AsyncIterable<LineBatch>;
  /** Gives the disk blocks before this offset back, now or with a later call; offsets keep their meaning. */
  discard(before: number): void;
  /** Bytes that lie after `from`. */
  unread(from: number): Promise<number>;
}

export interface EndedProcess {
  pid: number;
  /** The program's name. */
  command: string;
  /** The strongest signal it was sent; null when end of input was enough. */
  signal: "SIGTERM" | "SIGKILL" | null;
}

export interface StopReport {
  /**
   * How the driver knows that nothing is left. `cgroup` is proof; `session` (the session, the descendants and the
   * carriers of the nonce, until two scans found none) misses what left all three.
   */
  method: "cgroup" | "session";
  ended: EndedProcess[];
  /** Processes that SIGKILL did not end in time, as in an uninterruptible system call. */
  left: { pid: number; command: string }[];
  /** Whether SIGKILL was needed. */
  forced: boolean;
}

/** Figures over the agent and everything it started; the wrapper is not counted. */
export interface UsageSample {
  /** Since the start; never falls from one sample to the next. */
  cpuSeconds: number;
  memoryBytes: number;
  processes: number;
}

export interface StopOptions {
  /** true: SIGKILL at once. Default false. */
  force?: boolean;
  /** How long the agent may take after SIGTERM. */
  graceMs: number;
}

export interface AgentProcess {
  readonly handle: ProcessHandle;
  readonly stdout: Journal;
  readonly stderr: Journal;
  /** Settles once the agent has ended, or its wrapper is gone (status null). Never rejects; stays open after `detach`. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Resolves when all bytes are in the FIFO; `data` must not change until then. A write that waits in the queue is
   * dropped by an abort; one under way goes on, so that what follows it stays framed. Rejects with DriverError
   * `input_closed`, `input_full` (16 MiB wait already), `aborted` or `detached`.
   */
  write(data: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>;
  /** End of input after what is queued. Resolves when it is done or the agent has ended. */
  endInput(): Promise<void>;
  /**
   * End of input, SIGTERM to the group, SIGKILL after the grace, then whatever is left; also for an agent that has
   * ended, to end what it left behind. A second call joins the first; with `force` it cuts the grace short.
   */
  stop(options: StopOptions): Promise<StopReport>;
  /** Stops the agent's processes where they are; the wrapper goes on. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  sample(): Promise<UsageSample>;
  /** Lets go: iterators end, waiting writes reject, nothing here keeps Node alive. The agent lives on. */
  detach(): Promise<void>;
}

export interface Driver {
  /**
   * Rejects with DriverError: `bad_spec`, `folder_in_use`, `not_found`, `not_executable`, `bad_cwd` or
   * `spawn_failed`.
   */
  start(spec: LaunchSpec): Promise<AgentProcess>;
  /**
   * Takes a process up again by pid, start time, boot id and nonce together. Not `live`: it has ended, `exited`
   * settles from what the folder says and the journals stay readable.
   */
  adopt(handle: ProcessHandle): Promise<{ process: AgentProcess; live: boolean }>;
  /** The handle of a start that was never recorded, by its folder and nonce; null when nothing was started there. */
  find(dir: string, nonce: string): Promise<ProcessHandle | null>;
  /** Every live process with a nonce in its environment, wrappers included: nonce -> pids. */
  carriers(): Promise<Map<string, number[]>>;
  /** SIGKILL for all that carries this nonce, its session, descendants and cgroup: for a runner whose folder is gone. */
  sweep(nonce: string): Promise<StopReport>;
}
