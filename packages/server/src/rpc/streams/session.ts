import { create } from "@bufbuild/protobuf";
import {
  SessionStatus,
  type StreamSessionRequest,
  type StreamSessionResponse,
  StreamSessionResponseSchema,
} from "@stratavore/proto";
import { approvalMessage } from "../../domain/approvals.js";
import { notFound, shuttingDown } from "../../domain/errors.js";
import { sessionById } from "../../domain/sessions.js";
import { isOver } from "../../domain/turns.js";
import { sessionMessage, turnMessage } from "../../domain/views/session.js";
import type { Reads } from "../../store/index.js";
import type { Services } from "../services.js";
import { beforeInProgress, type Cursor, cursorText, parseCursor } from "./cursor.js";
import { TranscriptReader } from "./transcript-reader.js";

type Update = StreamSessionResponse["update"];

/** A conversation from a position on: its transcript, and the states of its session, turns and approvals. */
export async function* streamSession(
  { store, closing, openStreams }: Services,
  request: StreamSessionRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamSessionResponse> {
  const { sessionId, untilTurnId } = request;
  const session = sessionById(store.read, sessionId);
  if (untilTurnId !== "" && store.read.turns.byId(untilTurnId)?.sessionId !== sessionId) {
    throw notFound("turn", untilTurnId);
  }
  const reader = new TranscriptReader({
    sessionId,
    from: store.snapshot((read) => startOf(request, beforeInProgress(read, session))),
    history: beforeInProgress(store.read, session).ordinal,
    turnId: untilTurnId,
  });
  const ending = AbortSignal.any([signal, closing]);
  const waiter = store.tail.changed([`session:${sessionId}`], ending);
  const told = new Map<string, string>();
  const tell = (cursor: Cursor, update: Update) =>
    create(StreamSessionResponseSchema, { cursor: cursorText(cursor), update });
  openStreams.count++;
  try {
    for (;;) {
      // One state of the database: what a turn said is committed with or before its end, and is told before it.
      const now = store.snapshot((read) => ({
        state: stateOf(read, request),
        page: reader.next(read),
      }));
      for (const { cursor, update } of now.page.steps) {
        if (!(request.completeMessagesOnly && update.case === "delta")) yield tell(cursor, update);
      }
      if (now.page.more) continue;
      for (const { key, version, update } of now.state.updates) {
        if (told.get(key) === version) continue;
        told.set(key, version);
        yield tell(reader.cursor, update);
      }
      if (now.state.over) return;
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

interface Told {
  key: string;
  version: string;
  update: Update;
}

/** What is told beside the transcript, each once per change; and whether there is nothing more to come. */
function stateOf(
  read: Reads,
  { sessionId, untilTurnId }: StreamSessionRequest,
): { updates: Told[]; over: boolean } {
  const session = sessionById(read, sessionId);
  const updates: Told[] = [];
  const latest = read.turns.latest(sessionId);
  updates.push({
    key: session.id,
    version: `${session.status} ${session.title} ${session.model} ${session.agentSessionId} ${session.endedAt}`,
    update: { case: "session", value: sessionMessage(session, latest) },
  });
  const waited = untilTurnId === "" ? undefined : read.turns.byId(untilTurnId);
  for (const turn of new Map(
    [latest, read.turns.running(sessionId), waited].map((each) => [each?.id, each]),
  ).values()) {
    if (turn === undefined) continue;
    updates.push({
      key: turn.id,
      version: String(turn.state),
      update: { case: "turn", value: turnMessage(turn) },
    });
  }
  for (const row of read.approvals.pending({ sessionId })) {
    updates.push({
      key: row.id,
      version: String(row.state),
      update: { case: "approval", value: approvalMessage(row) },
    });
  }
  const gone = session.status === SessionStatus.ENDED || session.status === SessionStatus.RESUMABLE;
  return { updates, over: waited === undefined ? gone : isOver(waited.state) };
}

function startOf({ cursor, fromStart }: StreamSessionRequest, now: Cursor): Cursor {
  if (cursor !== "") return parseCursor(cursor);
  return fromStart ? { ordinal: 0n } : now;
}
