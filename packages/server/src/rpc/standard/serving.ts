import { ComponentType } from "@stratavore/proto";
import { areHealthy, checkComponents } from "../components.js";
import type { Services } from "../services.js";

/** How long an answer holds: the standard health check needs no credential, and a look costs a write. */
const holdMs = 1_000;

/** Whether every component works, looked at no more often than once in a second, or when the store's own state changes. */
export function serving(services: Services): () => Promise<boolean> {
  const { closing, store } = services;
  let last: { at: number; state: string; answer: Promise<boolean> } | undefined;
  return async () => {
    if (closing.aborted) return false;
    const { file, writeError } = store.health();
    const state = `${file} ${writeError?.kind}`;
    if (last === undefined || last.state !== state || performance.now() - last.at >= holdMs) {
      const answer = checkComponents(services, ComponentType.UNSPECIFIED).then(areHealthy);
      last = { at: performance.now(), state, answer };
    }
    return (await last.answer) && !closing.aborted;
  };
}
