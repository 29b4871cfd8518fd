import { create } from "@bufbuild/protobuf";
import {
  type StreamSessionRequest,
  type StreamSessionResponse,
  StreamSessionResponseSchema,
} from "@stratavore/proto";
import { notFound } from "../../domain/errors.js";
import { sessionById } from "../../domain/sessions.js";
import type { Store } from "../../store/index.js";
import { type Cursor, cursorText } from "./cursor.js";
import { nothingMore, Standing } from "./standing.js";
import { beforeInProgress, startOf } from "./start.js";
import { TranscriptReader } from "./transcript-reader.js";

type Update = StreamSessionResponse["update"];

/** A conversation from a position on: its transcript, and the states of its session, turns and approvals. */
export async function* streamSession(
  store: Store,
  request: StreamSessionRequest,
  ending: AbortSignal,
): AsyncGenerator<StreamSessionResponse, void> {
  const { sessionId, untilTurnId } = request;
  const reader = store.snapshot((read) => {
    const session = sessionById(read, sessionId);
    if (untilTurnId !== "" && read.turns.byId(untilTurnId)?.sessionId !== sessionId) {
      throw notFound("turn", untilTurnId);
    }
    return new TranscriptReader({
      sessionId,
      from: startOf(read, session, request),
      history: beforeInProgress(read, session).ordinal,
      turnId: untilTurnId,
      deltas: !request.completeMessagesOnly,
    });
  });
  const waiter = store.tail.changed([`session:${sessionId}`], ending);
  const standing = new Standing(sessionId, untilTurnId);
  const tell = (cursor: Cursor, update: Update) =>
    create(StreamSessionResponseSchema, { cursor: cursorText(cursor), update });
  try {
    for (;;) {
      // One state of the database: what a turn said is committed with or before its end, and is told before it.
      const { page, changes, over } = store.snapshot((read) => {
        const page = reader.next(read);
        if (page.more) return { page, changes: [], over: false };
        return { page, changes: standing.changes(read), over: nothingMore(read, sessionId, untilTurnId) };
      });
      for (const { cursor, update } of page.steps) yield tell(cursor, update);
      for (const change of changes) yield tell(reader.cursor, change);
      if (over) return;
      if (!page.more) await waiter.wait();
    }
  } finally {
    waiter.close();
  }
}
