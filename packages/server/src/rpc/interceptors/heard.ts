import { type ContextValues, createContextKey } from "@connectrpc/connect";

interface Progress {
  isHeard: boolean;
}

const progressKey = createContextKey<Progress | undefined>(undefined, {
  description: "whether a call has got as far as where its failure is counted and described",
});

/** Begins to note how far a call gets. */
export function noteProgress(values: ContextValues): Progress {
  const progress = { isHeard: false };
  values.set(progressKey, progress);
  return progress;
}

/** Says that a call has got as far as its interceptors, who see to its failure. */
export function noteHeard(values: ContextValues): void {
  const progress = values.get(progressKey);
  if (progress !== undefined) progress.isHeard = true;
}
