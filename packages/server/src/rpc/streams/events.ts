import { EventType, type RunnerEvent, type StreamRunnerEventsRequest } from "@stratavore/proto";
import { shuttingDown } from "../../domain/errors.js";
import { bookmarkMessage, defaultEventTypes, eventMessage, positionOf } from "../../domain/events.js";
import type { Services } from "../services.js";

const pageSize = 256;
const bookmarkMs = 10_000;

/**
 * Events from a position on: a cursor over the log and a wake-up after each commit. A slow reader holds nothing but its
 * cursor.
 */
export async function* streamEvents(
  { store, closing, openStreams }: Services,
  request: StreamRunnerEventsRequest,
  signal: AbortSignal,
): AsyncGenerator<RunnerEvent> {
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
    limit: pageSize,
  };
  const bookmarks = request.bookmarks || asked.includes(EventType.BOOKMARK);
  const ending = AbortSignal.any([signal, closing]);
  const waiter = store.tail.changed(["events"], ending);
  let marked: bigint | undefined;
  let markedAt = 0;
  openStreams.count++;
  try {
    for (;;) {
      const { rows, end } = store.snapshot(({ events }) => ({
        rows: filter.types.length === 0 ? [] : events.after(cursor, filter),
        end: events.head(),
      }));
      for (const row of rows) {
        cursor = row.seq;
        if (request.sessionId === "" || row.sessionId === request.sessionId)
          yield eventMessage(store.epoch, row);
      }
      if (rows.length === pageSize) continue;
      cursor = end;
      const due = marked === undefined || (marked !== cursor && Date.now() - markedAt >= bookmarkMs);
      if (bookmarks && due) {
        marked = cursor;
        markedAt = Date.now();
        yield bookmarkMessage(store.epoch, cursor);
      }
      await waiter.wait();
    }
  } catch (error) {
    // Closing aborts the caller's signal as well, and the caller has to know that more would have come.
    if (closing.aborted) throw shuttingDown();
    if (signal.aborted) return;
    throw error;
  } finally {
    openStreams.count--;
    waiter.close();
  }
}
