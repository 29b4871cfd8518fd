import { EventType, type RunnerEvent, type StreamRunnerEventsRequest } from "@stratavore/proto";
import { bookmarkMessage, defaultEventTypes, eventMessage, positionOf } from "../../domain/events.js";
import type { Store } from "../../store/index.js";
import { changeOr } from "./change-or.js";

const pageSize = 256;
const bookmarkMs = 10_000;

/**
 * Events from a position on: a cursor over the log and a wake-up after each commit. A slow reader holds nothing but its
 * cursor.
 */
export async function* streamEvents(
  store: Store,
  request: StreamRunnerEventsRequest,
  ending: AbortSignal,
): AsyncGenerator<RunnerEvent, void> {
  const { head, floor } = store.snapshot(({ events }) => ({ head: events.head(), floor: events.floor() }));
  let cursor = head;
  if (request.fromStart) cursor = floor;
  if (request.afterEventId !== "") {
    cursor = positionOf(request.afterEventId, { epoch: store.epoch, head, floor });
  }
  const asked = request.eventTypes.length > 0 ? request.eventTypes : defaultEventTypes;
  const filter = {
    // What is not stored cannot be read; a stream that asks for nothing else gets nothing from the log.
    types: asked.filter((type) => type !== EventType.RUNNER_HEARTBEAT && type !== EventType.BOOKMARK),
    projectName: request.projectName || undefined,
    runnerId: request.runnerId || undefined,
    sessionId: request.sessionId || undefined,
    limit: pageSize,
  };
  const marks = request.bookmarks || asked.includes(EventType.BOOKMARK) ? new Bookmarks() : undefined;
  const waiter = store.tail.changed(["events"], ending);
  try {
    for (;;) {
      const { rows, end } = store.snapshot(({ events }) => ({
        rows: filter.types.length === 0 ? [] : events.after(cursor, filter),
        end: events.head(),
      }));
      for (const row of rows) {
        cursor = row.seq;
        marks?.told(cursor);
        yield eventMessage(store.epoch, row);
      }
      if (rows.length === pageSize) continue;
      cursor = end;
      if (marks?.isDue(cursor)) {
        marks.told(cursor);
        yield bookmarkMessage(store.epoch, cursor);
      }
      await changeOr(waiter, marks?.dueInMs(cursor));
    }
  } finally {
    waiter.close();
  }
}

/** When a stream tells its position: once it has caught up, then every 10 s in which only others' events came. */
class Bookmarks {
  #position: bigint | undefined;
  #at = 0;
  #caughtUp = false;

  /** An event or a bookmark with this position was sent. */
  told(position: bigint): void {
    this.#position = position;
    this.#at = performance.now();
  }

  isDue(position: bigint): boolean {
    if (!this.#caughtUp) {
      this.#caughtUp = true;
      return true;
    }
    return position !== this.#position && performance.now() - this.#at >= bookmarkMs;
  }

  /** Undefined when there is nothing to tell. */
  dueInMs(position: bigint): number | undefined {
    return position === this.#position
      ? undefined
      : Math.max(0, bookmarkMs - (performance.now() - this.#at)) + 1;
  }
}
