import { setTimeout as delay } from "node:timers/promises";
import { StoreError, type StoreErrorKind } from "../../store/index.js";

const retryMs = 1_000;

/** What passes by itself, or when someone sees to the disk: what is to be stored waits for that. */
const passing: ReadonlySet<StoreErrorKind> = new Set(["disk_full", "busy", "io", "read_only", "data_loss"]);

/** What may succeed later, with nothing wrong in what is to be stored. */
export const isPassing = (error: unknown) => error instanceof StoreError && passing.has(error.kind);

/** The store is another daemon's by now, or shut. */
export const isGone = (error: unknown) =>
  error instanceof StoreError && (error.kind === "closed" || error.kind === "fenced");

export interface Patience {
  /** Ends the trying. */
  signal: AbortSignal;
  /** Called at the first failure, before the others only `waiting` is. */
  failing: (error: unknown) => void;
  /** Called before each further try. */
  waiting: () => Promise<void>;
  /** Called when it is stored after all. */
  recovered: () => void;
}

/** Tries again while the store cannot take it. Rejects with what no later try can mend, and when the signal aborts. */
export async function untilStored<T>(job: () => Promise<T>, patience: Patience): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const value = await job();
      if (failures > 0) patience.recovered();
      return value;
    } catch (error) {
      if (patience.signal.aborted || !isPassing(error)) throw error;
      if (failures === 0) patience.failing(error);
      await delay(retryMs, undefined, { signal: patience.signal });
      await patience.waiting();
    }
  }
}
