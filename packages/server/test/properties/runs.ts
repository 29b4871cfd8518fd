import fc, { type Arbitrary } from "fast-check";

const { STRATAVORE_PROPERTY_RUNS: runs, STRATAVORE_PROPERTY_SEED: seed } = process.env;

/**
 * Tries a property `STRATAVORE_PROPERTY_RUNS` times, else as often as given, and begins no try after so long. With
 * `STRATAVORE_PROPERTY_SEED`, with what that seed draws. A failure names its seed; only with the first of these variables
 * is the smallest failing case looked for, as each try of it starts processes.
 */
export async function holds<T>(
  usual: { runs: number; withinMs: number },
  drawn: Arbitrary<T>,
  attempt: (value: T) => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  // fast-check's own limit would leave a try behind that has begun, with its processes.
  const isOver = () => runs === undefined && performance.now() - begun > usual.withinMs;
  const property = fc.asyncProperty(drawn, async (value) => {
    if (!isOver()) await attempt(value);
  });
  await fc.assert(property, {
    numRuns: runs === undefined ? usual.runs : Number(runs),
    ...(seed !== undefined && { seed: Number(seed) }),
    endOnFailure: runs === undefined,
  });
}
