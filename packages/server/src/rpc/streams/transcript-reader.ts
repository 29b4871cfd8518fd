import { create } from "@bufbuild/protobuf";
import { type Part, type PartDelta, PartDeltaSchema, type StreamSessionResponse } from "@stratavore/proto";
import { applyDelta } from "../../domain/transcript/deltas.js";
import { deltaOf, transcriptMessage } from "../../domain/views/message.js";
import type { MessageRow, Reads } from "../../store/index.js";
import { type Cursor, type Place, textOf } from "./cursor.js";

const pageSize = 64;

export interface Step {
  cursor: Cursor;
  update: StreamSessionResponse["update"];
}

export interface ReaderOptions {
  sessionId: string;
  from: Cursor;
  /** Messages up to this one were complete when the stream began: they come whole only. */
  history: bigint;
  /** Messages of this turn come in deltas all the same. */
  turnId: string;
  /** False: messages come whole only, and none before it is complete. */
  deltas: boolean;
}

/**
 * Reads a transcript step by step. What it holds is a position; what it tells is read from the tables, so a slow reader
 * costs no memory. A reader that follows the deltas alone misses no text.
 */
export class TranscriptReader {
  #cursor: Cursor;
  /** The message in progress that was read last, and the number of its last piece. */
  #inProgress: { ordinal: bigint; idx: number } | undefined;

  constructor(readonly options: ReaderOptions) {
    this.#cursor = options.from;
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** What came since the last look; `more` when a full page was read. */
  next(read: Reads): { steps: Step[]; more: boolean } {
    const { ordinal, inside } = this.#cursor;
    const from = inside === undefined ? ordinal + 1n : ordinal;
    const rows = read.messages.page(this.options.sessionId, from, pageSize);
    const steps = rows.flatMap((row) => (row.complete ? this.#complete(row) : this.#growing(read, row)));
    return { steps, more: rows.length === pageSize };
  }

  #complete(row: MessageRow): Step[] {
    const message = transcriptMessage(row);
    const place = this.#placeIn(row.ordinal);
    const isLive = row.ordinal > this.options.history || row.turnId === this.options.turnId;
    const tellsParts = this.options.deltas && row.role === "assistant" && (place !== undefined || isLive);
    const steps = tellsParts ? this.#rest(row, message.parts, place, false) : [];
    this.#cursor = { ordinal: row.ordinal };
    return [...steps, { cursor: this.#cursor, update: { case: "message", value: message } }];
  }

  #growing(read: Reads, row: MessageRow): Step[] {
    if (!this.options.deltas) return [];
    const { sessionId, ordinal } = row;
    const known = this.#inProgress?.ordinal === ordinal ? this.#inProgress : undefined;
    const chunks = read.chunks.after(sessionId, ordinal, known?.idx ?? 0);
    const last = chunks.at(-1);
    if (last === undefined) return [];
    this.#inProgress = { ordinal, idx: last.idx };
    if (known !== undefined) return chunks.map((chunk) => this.#tell(deltaOf(chunk)));
    const parts: Part[] = [];
    for (const chunk of chunks) applyDelta(parts, deltaOf(chunk));
    return this.#rest(row, parts, this.#placeIn(ordinal), true);
  }

  #placeIn(ordinal: bigint): Place | undefined {
    return this.#cursor.ordinal === ordinal ? this.#cursor.inside : undefined;
  }

  /** What a message has beyond a place. What is replaced whole may have changed before it too, and is told `again`. */
  #rest(row: MessageRow, parts: readonly Part[], place: Place | undefined, again: boolean): Step[] {
    const { part: reached, characters } = place ?? { part: -1, characters: 0 };
    return parts.flatMap((part, partIndex) => {
      const text = textOf(part);
      const isNew = partIndex > reached;
      const tail = isNew ? text : text?.slice(partIndex === reached ? characters : text.length);
      if (text === undefined ? !(isNew || again) : tail === "") return [];
      const { ordinal, role } = row;
      const append = part.kind.case === "text" ? ("appendText" as const) : ("appendThinking" as const);
      const change =
        text === undefined ? { case: "part" as const, value: part } : { case: append, value: tail ?? "" };
      const turnId = row.turnId ?? "";
      return [this.#tell(create(PartDeltaSchema, { ordinal, role, turnId, partIndex, change }))];
    });
  }

  #tell(delta: PartDelta): Step {
    const { ordinal, partIndex, change } = delta;
    const before = this.#placeIn(ordinal) ?? { part: -1, characters: 0 };
    const appended = change.case === "part" ? 0 : (change.value?.length ?? 0);
    let inside = before;
    if (partIndex > before.part) inside = { part: partIndex, characters: appended };
    else if (partIndex === before.part)
      inside = { part: partIndex, characters: before.characters + appended };
    this.#cursor = { ordinal, inside };
    return { cursor: this.#cursor, update: { case: "delta", value: delta } };
  }
}
