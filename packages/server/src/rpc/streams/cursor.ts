import { invalidField } from "../../domain/errors.js";
import type { Reads, SessionRow } from "../../store/index.js";

/** The index of a message's end: all its pieces were told, or the message as a whole. */
export const wholeMessage = Number.MAX_SAFE_INTEGER;

/** A place in a transcript: a message, and how much of it. */
export interface Cursor {
  ordinal: bigint;
  /** Number of the last piece that was told of a message in progress, or `wholeMessage`. */
  idx: number;
}

export const cursorText = ({ ordinal, idx }: Cursor): string =>
  idx === wholeMessage ? `${ordinal}` : `${ordinal}.${idx}`;

/** @throws DomainError invalid_argument */
export function parseCursor(text: string): Cursor {
  const match = /^(\d{1,18})(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) throw invalidField("cursor", `"${text.slice(0, 40)}" is no cursor`);
  return { ordinal: BigInt(match[1]!), idx: match[2] === undefined ? wholeMessage : Number(match[2]) };
}

/** The place after the last whole message: a stream from here tells a message in progress from its beginning. */
export function beforeInProgress(read: Pick<Reads, "messages">, session: SessionRow): Cursor {
  const last = session.nextOrdinal - 1n;
  const inProgress = last > 0n && read.messages.byOrdinal(session.id, last)?.complete === false;
  return { ordinal: inProgress ? last - 1n : last, idx: wholeMessage };
}
