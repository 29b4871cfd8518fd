import { create, toBinary } from "@bufbuild/protobuf";
import { type Part, PartDeltaSchema, PartSchema, type ToolCall, ToolCallStatus } from "@stratavore/proto";
import type { Reads, SessionRow, Transaction } from "../../store/index.js";
import { deltaOf, storedParts } from "../views/message.js";
import { contentOf } from "./content.js";
import { applyDelta } from "./deltas.js";

/** A message that grows past this is completed, and the next one goes on: what is held in memory stays bounded. */
const maxMessageBytes = 256 * 1024;

interface Open {
  ordinal: bigint;
  turnId: string | null;
  parts: Part[];
  bytes: number;
  boundary: string | undefined;
  keys: Map<string, number>;
}

/**
 * Writes an agent's words to a session as they come. Every change is a chunk row of the transaction it is given;
 * a message's chunks become one row when it is complete. After a transaction that failed, make a new writer.
 */
export class TranscriptWriter {
  #open: Open | undefined;

  constructor(readonly sessionId: string) {}

  /** Takes up the message that an earlier writer left in progress. */
  static restore(reads: Pick<Reads, "messages" | "chunks">, session: SessionRow): TranscriptWriter {
    const writer = new TranscriptWriter(session.id);
    const last = session.nextOrdinal - 1n;
    const row = last > 0n ? reads.messages.byOrdinal(session.id, last) : undefined;
    if (row === undefined || row.complete) return writer;
    const open: Open = {
      ordinal: last,
      turnId: row.turnId,
      parts: [],
      bytes: 0,
      boundary: row.metadata.stream,
      keys: new Map(),
    };
    for (const chunk of reads.chunks.after(session.id, last, 0)) {
      applyDelta(open.parts, deltaOf(chunk));
      open.bytes += chunk.chunk.length;
    }
    open.parts.forEach(({ kind }, index) => {
      if (kind.case === "toolCall") open.keys.set(`tool ${kind.value.id}`, index);
      if (kind.case === "plan") open.keys.set("plan", index);
    });
    writer.#open = open;
    return writer;
  }

  text(tx: Transaction, turnId: string | null, text: string, boundary?: string): void {
    this.#append(tx, turnId, "text", text, boundary);
  }

  thinking(tx: Transaction, turnId: string | null, text: string, boundary?: string): void {
    this.#append(tx, turnId, "thinking", text, boundary);
  }

  /** A later part with the same key replaces the earlier one of the same message. */
  part(tx: Transaction, turnId: string | null, part: Part, key?: string): void {
    const open = this.#message(tx, turnId);
    const index = (key === undefined ? undefined : open.keys.get(key)) ?? open.parts.length;
    if (key !== undefined) open.keys.set(key, index);
    this.#write(tx, open, index, { case: "part", value: part });
  }

  toolCall(tx: Transaction, turnId: string | null, call: ToolCall): void {
    const part = create(PartSchema, { kind: { case: "toolCall", value: call } });
    this.part(tx, turnId, part, `tool ${call.id}`);
  }

  /** Completes the message in progress, if there is one. */
  complete(tx: Transaction): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const parts = storedParts(open.parts);
    tx.messages.complete(this.sessionId, open.ordinal, { content: contentOf(open.parts), parts });
  }

  #append(
    tx: Transaction,
    turnId: string | null,
    kind: "text" | "thinking",
    text: string,
    boundary: string | undefined,
  ): void {
    if (text === "") return;
    const before = this.#open;
    const isNew =
      before !== undefined &&
      ((boundary !== undefined && before.boundary !== undefined && boundary !== before.boundary) ||
        toolsAreOver(before.parts));
    if (isNew) this.complete(tx);
    const open = this.#message(tx, turnId, boundary);
    open.boundary = boundary ?? open.boundary;
    const last = open.parts.length - 1;
    const index = open.parts[last]?.kind.case === kind ? last : last + 1;
    this.#write(tx, open, index, { case: kind === "text" ? "appendText" : "appendThinking", value: text });
    if (open.bytes > maxMessageBytes) this.complete(tx);
  }

  #message(tx: Transaction, turnId: string | null, stream?: string): Open {
    if (this.#open !== undefined && this.#open.turnId !== turnId) this.complete(tx);
    if (this.#open === undefined) {
      const metadata: Record<string, string> = stream === "stdout" || stream === "stderr" ? { stream } : {};
      const ordinal = tx.messages.append({
        sessionId: this.sessionId,
        turnId,
        role: "assistant",
        parts: new Uint8Array(),
        metadata,
      });
      this.#open = { ordinal, turnId, parts: [], bytes: 0, boundary: metadata.stream, keys: new Map() };
    }
    return this.#open;
  }

  #write(
    tx: Transaction,
    open: Open,
    partIndex: number,
    change: { case: "part"; value: Part } | { case: "appendText" | "appendThinking"; value: string },
  ): void {
    const delta = create(PartDeltaSchema, {
      ordinal: open.ordinal,
      role: "assistant",
      turnId: open.turnId ?? "",
      partIndex,
      change,
    });
    applyDelta(open.parts, delta);
    const chunk = toBinary(PartDeltaSchema, delta);
    open.bytes += chunk.length;
    tx.chunks.append(this.sessionId, open.ordinal, chunk);
  }
}

/** New words after tool calls that are all over begin a new message, as they do for the model. */
function toolsAreOver(parts: readonly Part[]): boolean {
  const last = parts.at(-1)?.kind;
  if (last?.case !== "toolCall") return false;
  return parts.every(
    ({ kind }) =>
      kind.case !== "toolCall" ||
      kind.value.status === ToolCallStatus.COMPLETED ||
      kind.value.status === ToolCallStatus.FAILED,
  );
}
