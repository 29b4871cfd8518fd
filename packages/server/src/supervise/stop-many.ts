import type { RunnerRow } from "../store/index.js";
import type { Supervisor } from "./supervisor.js";

/** Runners that are stopped side by side. */
const width = 16;

export interface StopResult {
  runnerId: string;
  outcome: { runner: RunnerRow } | { error: unknown };
}

/** Stops many runners; one that cannot be stopped keeps none of the others from it. Results in the order given. */
export async function stopMany(
  supervisor: Supervisor,
  runnerIds: readonly string[],
  options: { force: boolean; graceMs: number },
  caller: AbortSignal,
): Promise<StopResult[]> {
  const results = new Array<StopResult>(runnerIds.length);
  const waiting = runnerIds.entries();
  const worker = async () => {
    for (const [index, runnerId] of waiting) {
      results[index] = { runnerId, outcome: await stopOne(supervisor, runnerId, options, caller) };
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  caller.throwIfAborted();
  return results;
}

async function stopOne(
  supervisor: Supervisor,
  runnerId: string,
  options: { force: boolean; graceMs: number },
  caller: AbortSignal,
): Promise<StopResult["outcome"]> {
  try {
    const { runner } = await supervisor.stopRunner(runnerId, options, caller);
    return { runner };
  } catch (error) {
    return { error };
  }
}
