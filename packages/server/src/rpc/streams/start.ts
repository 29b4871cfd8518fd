import type { Part } from "@stratavore/proto";
import { DomainError } from "../../domain/errors.js";
import { applyDelta } from "../../domain/transcript/deltas.js";
import { deltaOf, partsOf } from "../../domain/views/message.js";
import type { Reads, SessionRow } from "../../store/index.js";
import { type Cursor, parseCursor, placeAfter } from "./cursor.js";

/** The place after the last whole message: a stream from here tells a message in progress from its beginning. */
export function beforeInProgress(read: Pick<Reads, "messages">, session: SessionRow): Cursor {
  const last = session.nextOrdinal - 1n;
  const inProgress = last > 0n && read.messages.byOrdinal(session.id, last)?.complete === false;
  return { ordinal: inProgress ? last - 1n : last };
}

/**
 * Where a stream begins.
 *
 * @throws DomainError invalid_argument for what is no cursor, out_of_range for one that this transcript has not reached
 */
export function startOf(
  read: Pick<Reads, "messages" | "chunks">,
  session: SessionRow,
  { cursor, fromStart }: { cursor: string; fromStart: boolean },
): Cursor {
  if (fromStart) return { ordinal: 0n };
  if (cursor === "") return beforeInProgress(read, session);
  const place = parseCursor(cursor);
  if (isReached(read, session, place)) return place;
  throw new DomainError(
    "out_of_range",
    "SESSION_POSITION",
    `the transcript has not reached ${cursor}, as after a restored backup; start again with from_start`,
    { details: { cursor, session: session.id } },
  );
}

function isReached(
  read: Pick<Reads, "messages" | "chunks">,
  session: SessionRow,
  { ordinal, inside }: Cursor,
): boolean {
  if (ordinal >= session.nextOrdinal) return false;
  if (inside === undefined) return true;
  const end = placeAfter(partsNow(read, session.id, ordinal));
  if (end === undefined) return false;
  return inside.part < end.part || (inside.part === end.part && inside.characters <= end.characters);
}

function partsNow(read: Pick<Reads, "messages" | "chunks">, sessionId: string, ordinal: bigint): Part[] {
  const row = read.messages.byOrdinal(sessionId, ordinal);
  if (row === undefined) return [];
  const parts = partsOf(row.parts);
  for (const chunk of row.complete ? [] : read.chunks.after(sessionId, ordinal, 0))
    applyDelta(parts, deltaOf(chunk));
  return parts;
}
