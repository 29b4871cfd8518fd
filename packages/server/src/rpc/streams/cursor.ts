import type { Part } from "@stratavore/proto";
import { invalidField } from "../../domain/errors.js";

/** A place in a transcript: after a whole message, or inside one that was in progress. */
export interface Cursor {
  ordinal: bigint;
  /** How much of the message was told; all of it, if unset. */
  inside?: Place;
}

/** A place in a message: all parts before `part`, and so many characters (UTF-16 units) of that one if it is text. */
export interface Place {
  part: number;
  characters: number;
}

export const cursorText = ({ ordinal, inside }: Cursor): string =>
  inside === undefined ? `${ordinal}` : `${ordinal}.${inside.part}.${inside.characters}`;

/** @throws DomainError invalid_argument */
export function parseCursor(text: string): Cursor {
  const match = /^(\d{1,18})(?:\.(\d{1,9})\.(\d{1,9}))?$/.exec(text);
  if (match === null) throw invalidField("cursor", `"${text.slice(0, 40)}" is no cursor`);
  const [, ordinal, part, characters] = match;
  if (part === undefined) return { ordinal: BigInt(ordinal!) };
  return { ordinal: BigInt(ordinal!), inside: { part: Number(part), characters: Number(characters) } };
}

/** The place after these parts; none for a message that has said nothing yet. */
export function placeAfter(parts: readonly Part[]): Place | undefined {
  const last = parts.at(-1);
  return last === undefined ? undefined : { part: parts.length - 1, characters: textOf(last)?.length ?? 0 };
}

export const textOf = ({ kind }: Part): string | undefined =>
  kind.case === "text" || kind.case === "thinking" ? kind.value : undefined;
