import type { Parameters } from "fast-check";

/**
 * How often a property is tried: `STRATAVORE_PROPERTY_RUNS` times, else as often as given, and for so long at most. With
 * `STRATAVORE_PROPERTY_SEED`, with what that seed draws. A failure names its seed; only with the first of these variables
 * is the smallest failing case looked for, as each try of it starts processes.
 */
export function propertyRuns<T>(usual: number, withinMs: number): Parameters<T> {
  const { STRATAVORE_PROPERTY_RUNS: runs, STRATAVORE_PROPERTY_SEED: seed } = process.env;
  return {
    numRuns: runs === undefined ? usual : Number(runs),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(runs === undefined && { endOnFailure: true, interruptAfterTimeLimit: withinMs }),
  };
}
