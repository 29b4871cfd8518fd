import type { TopicWaiter } from "../../store/index.js";

/** Waits for a change, and no longer than a time in milliseconds if there is one. */
export async function changeOr(waiter: TopicWaiter, ms: number | undefined): Promise<void> {
  if (ms === undefined) return await waiter.wait();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([waiter.wait(), late]);
  } finally {
    clearTimeout(timer);
  }
}
