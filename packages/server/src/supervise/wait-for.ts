import type { Store } from "../store/index.js";

/**
 * The first value that `look` gives, looked at again after each commit that touches one of the topics.
 *
 * @throws the signal's reason when it aborts first
 */
export async function waitFor<T>(
  store: Store,
  topics: readonly string[],
  look: () => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  const waiter = store.tail.changed(topics, signal);
  try {
    for (;;) {
      const value = look();
      if (value !== undefined) return value;
      await waiter.wait();
    }
  } finally {
    waiter.close();
  }
}
