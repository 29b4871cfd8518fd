import { create } from "@bufbuild/protobuf";
import {
  SessionStatus,
  type StreamSessionRequest,
  type StreamSessionResponse,
  StreamSessionResponseSchema,
} from "@stratavore/proto";
import { approvalMessage } from "../../domain/approvals.js";
import { notFound } from "../../domain/errors.js";
import { sessionById } from "../../domain/sessions.js";
import { isOver } from "../../domain/turns.js";
import { deltaOf, transcriptMessage } from "../../domain/views/message.js";
import { sessionMessage, turnMessage } from "../../domain/views/session.js";
import type { Reads } from "../../store/index.js";
import type { Services } from "../services.js";
import { beforeInProgress, type Cursor, cursorText, parseCursor, wholeMessage } from "./cursor.js";

const pageSize = 64;

type Update = StreamSessionResponse["update"];

/** A conversation from a position on. The transcript is read from the tables, so a slow reader costs no memory. */
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
  let cursor = store.snapshot((read) => beforeInProgress(read, session));
  if (request.fromStart) cursor = { ordinal: 0n, idx: 0 };
  if (request.cursor !== "") cursor = parseCursor(request.cursor);
  const ending = AbortSignal.any([signal, closing]);
  const waiter = store.tail.changed([`session:${sessionId}`], ending);
  const told = new Map<string, string>();
  const tell = (update: Update) =>
    create(StreamSessionResponseSchema, { cursor: cursorText(cursor), update });
  openStreams.count++;
  try {
    for (;;) {
      // One state of the database: what a turn said is committed with or before its end, and is told before it.
      const now = store.snapshot((read) => ({
        state: stateOf(read, request),
        page: pageOf(read, sessionId, cursor),
      }));
      for (const step of now.page.steps) {
        cursor = step.cursor;
        const isDelta = step.update.case === "delta";
        const isPartial = step.update.case === "message" && step.update.value.inProgress;
        if (!(request.completeMessagesOnly && (isDelta || isPartial))) yield tell(step.update);
      }
      if (now.page.more) continue;
      for (const { key, version, update } of now.state.updates) {
        if (told.get(key) === version) continue;
        told.set(key, version);
        yield tell(update);
      }
      if (now.state.over) return;
      await waiter.wait();
    }
  } catch (error) {
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

interface Step {
  cursor: Cursor;
  update: Update;
}

/** The transcript after a cursor: the rest of the message that it is in, then whole messages. */
function pageOf(read: Reads, sessionId: string, from: Cursor): { steps: Step[]; more: boolean } {
  const rows = read.messages.page(sessionId, from.ordinal > 0n ? from.ordinal : 1n, pageSize);
  const steps: Step[] = [];
  for (const row of rows) {
    const { ordinal } = row;
    const seen = ordinal === from.ordinal ? from.idx : 0;
    if (row.complete) {
      if (seen === wholeMessage) continue;
      const cursor = { ordinal, idx: wholeMessage };
      steps.push({ cursor, update: { case: "message", value: transcriptMessage(row) } });
      continue;
    }
    if (seen === wholeMessage) continue;
    for (const chunk of read.chunks.after(sessionId, ordinal, seen)) {
      steps.push({ cursor: { ordinal, idx: chunk.idx }, update: { case: "delta", value: deltaOf(chunk) } });
    }
  }
  return { steps, more: rows.length === pageSize };
}
