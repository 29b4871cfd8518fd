import { getHeapStatistics } from "node:v8";
import type { Services } from "../services.js";

/** How long the event loop may have stood still, in sum over the time that `Stalls` looks back. */
const maxStalledMs = 5_000;
/** How much of the memory that Node may take can be in use; beyond it, the next large allocation may be the last. */
const maxHeapShare = 0.95;
const bytesPerMiB = 1024 * 1024;

/** Whether this process gets to its work, and has memory for it. */
export async function daemonProblem({ stalls }: Pick<Services, "stalls">): Promise<string> {
  const { sumMs, longestMs, overMs } = stalls.recent();
  if (sumMs >= maxStalledMs) {
    const minutes = Math.max(1, Math.round(overMs / 60_000));
    return `the event loop stood still for ${seconds(sumMs)} s in the last ${minutes} min, at most ${seconds(longestMs)} s at a time; the machine or the daemon is overloaded`;
  }
  return heapProblem(getHeapStatistics());
}

/** @param heap in bytes */
export function heapProblem(heap: { used_heap_size: number; heap_size_limit: number }): string {
  if (heap.used_heap_size < maxHeapShare * heap.heap_size_limit) return "";
  const [used, limit] = [heap.used_heap_size, heap.heap_size_limit].map((bytes) =>
    Math.round(bytes / bytesPerMiB),
  );
  return `${used} of ${limit} MiB of memory are in use; restart the daemon, with a larger --max-old-space-size if it needs it`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
