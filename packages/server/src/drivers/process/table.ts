/** One process as the kernel describes it. */
export interface ProcessRow {
  pid: number;
  ppid: number;
  pgid: number;
  session: number;
  /** The kernel's letter: Z and X are dead. */
  state: string;
  startTime: string;
  /** Of the process and of those of its children that it has waited for. */
  cpuSeconds: number;
  memoryBytes: number;
  /** Short name. */
  name: string;
}

/** A row with the nonce in its environment: null when it has none, may not be read, or was not asked for. */
export interface CarrierRow extends ProcessRow {
  nonce: string | null;
}

/** The machine's processes. A scan that is asked for while another runs starts afterwards and is shared. */
export interface ProcessTable {
  /** The same until the machine is started again. */
  bootId(): string;
  /** null: there is no such process. */
  row(pid: number): ProcessRow | null;
  nonce(pid: number): string | null;
  /** The arguments; empty when there are none or they may not be read. */
  args(pid: number): string[];
  /** All processes, without their nonces. */
  rows(): Promise<ReadonlyMap<number, CarrierRow>>;
  /** All processes with their nonces, which costs twice as much. */
  carriers(): Promise<ReadonlyMap<number, CarrierRow>>;
}

export const NONCE_VARIABLE = "STRATAVORE_NONCE";

export function isDead(row: ProcessRow): boolean {
  return row.state === "Z" || row.state === "X";
}

/** Callers that wait for the same run share it, and none gets one that began before it asked. */
export function shared<T>(run: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= current.then(() => {
      next = undefined;
      const started = run();
      current = started.catch(() => {});
      return started;
    });
    return next;
  };
}
