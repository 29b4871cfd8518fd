import type { Services } from "../services.js";

const topic = "events-check";
const wakeMs = 2_000;

/** Whether the log can be read at its end, and whether a commit wakes those who wait for one. */
export async function eventsProblem({ store }: Pick<Services, "store">): Promise<string> {
  const { head, floor, newest } = store.snapshot(({ events }) => {
    const head = events.head();
    return { head, floor: events.floor(), newest: events.after(head - 1n, { limit: 1 })[0] };
  });
  if (floor > head) return `the log ends at ${head}, before its oldest event ${floor}; restore a backup`;
  if (head > floor && newest?.seq !== head)
    return `the newest event, ${head}, cannot be read; restore a backup`;
  const waiter = store.tail.changed([topic], AbortSignal.timeout(wakeMs));
  try {
    await store.transaction((tx) => tx.wake(topic));
  } catch (error) {
    waiter.close();
    return `no events can be recorded: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    return await waiter.wait().then(
      () => "",
      () => "streams are not told of what is committed; restart the daemon",
    );
  } finally {
    waiter.close();
  }
}
