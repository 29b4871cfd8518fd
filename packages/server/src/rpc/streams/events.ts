import { EventType, type RunnerEvent, type StreamRunnerEventsRequest } from "@stratavore/proto";
import { bookmarkMessage, defaultEventTypes, eventMessage, positionOf } from "../../domain/events.js";
import type { HeartbeatStream } from "../../supervise/heartbeats.js";
import type { Services } from "../services.js";

const pageSize = 256;
const bookmarkMs = 10_000;

/**
 * Events from a position on: a cursor over the log and a wake-up after each commit. A slow reader holds nothing but its
 * cursor, and the latest heartbeat of each runner if it asks for them.
 */
export async function* streamEvents(
  services: Services,
  request: StreamRunnerEventsRequest,
  ending: AbortSignal,
): AsyncGenerator<RunnerEvent, void> {
  const { store } = services;
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
  const beats = heartbeatsFor(services, request);
  const waiter = store.tail.changed(beats === undefined ? ["events"] : ["events", beats.topic], ending);
  try {
    for (;;) {
      const { rows, end } = store.snapshot(({ events }) => ({
        rows: filter.types.length === 0 ? [] : events.after(cursor, filter),
        end: events.head(),
      }));
      for (const row of rows) {
        cursor = row.seq;
        marks?.told(cursor);
        if (endings.has(row.type)) beats?.drop(row.runnerId);
        yield eventMessage(store.epoch, row);
      }
      if (rows.length === pageSize) continue;
      cursor = end;
      if (marks?.isDue(cursor)) {
        marks.told(cursor);
        yield bookmarkMessage(store.epoch, cursor);
      }
      if (beats?.isWaiting) {
        // What is stored comes first: no runner is seen alive before it has started, or after its end.
        if (store.read.events.head() === end) yield beats.take();
        continue;
      }
      await waiter.wait(marks?.dueInMs(cursor));
    }
  } finally {
    waiter.close();
    beats?.close();
  }
}

const endings: ReadonlySet<EventType> = new Set([
  EventType.RUNNER_STOPPED,
  EventType.RUNNER_FAILED,
  EventType.RUNNER_DELETED,
]);

/** Undefined for a stream that does not name them, or wants what concerns a session, which they do not. */
function heartbeatsFor(
  { supervisor }: Services,
  { eventTypes, projectName, runnerId, sessionId }: StreamRunnerEventsRequest,
): HeartbeatStream | undefined {
  if (!eventTypes.includes(EventType.RUNNER_HEARTBEAT) || sessionId !== "") return undefined;
  return supervisor.heartbeats.follow({ projectName, runnerId });
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
