import { create, toBinary } from "@bufbuild/protobuf";
import { type Part, PartDeltaSchema, PartSchema, type ToolCall } from "@stratavore/proto";
import type { Reads, SessionRow, Transaction } from "../../store/index.js";
import { deltaOf, storedParts } from "../views/message.js";
import { contentOf } from "./content.js";
import { applyDelta } from "./deltas.js";
import { piecesOf } from "./pieces.js";
import { isOpenCall, toolsAreOver, updatedCall } from "./tool-call.js";

/** A message that grows past this is completed, and the next one goes on: what is held in memory stays bounded. */
const maxMessageBytes = 256 * 1024;
/** A tool call that is not over keeps its message open for longer, but not without end. */
const maxBytesWithOpenCall = 16 * maxMessageBytes;
const pieceLength = 64 * 1024;

/** Metadata of a message that remember where the agent's own message ends. */
const streamKey = "stream";
const messageKey = "agent_message_id";

interface Open {
  ordinal: bigint;
  turnId: string | null;
  parts: Part[];
  bytes: number;
  /** The agent's message that its first piece belonged to, if the agent said. */
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
      boundary: row.metadata[streamKey] ?? row.metadata[messageKey],
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

  /** `boundary`: the agent's message that it belongs to; words of another one begin a new message here. */
  text(tx: Transaction, turnId: string | null, text: string, boundary?: string): void {
    for (const piece of piecesOf(text, pieceLength)) this.#append(tx, turnId, "text", piece, boundary);
  }

  thinking(tx: Transaction, turnId: string | null, text: string, boundary?: string): void {
    for (const piece of piecesOf(text, pieceLength)) this.#append(tx, turnId, "thinking", piece, boundary);
  }

  /** A plan replaces the earlier plan of the same message. */
  part(tx: Transaction, turnId: string | null, part: Part): void {
    this.#put(tx, this.#message(tx, turnId), part, part.kind.case === "plan" ? "plan" : undefined);
  }

  /** Writes what an update says of a call, and gives the call as it is now. */
  toolCall(tx: Transaction, turnId: string | null, update: ToolCall): ToolCall {
    const open = this.#message(tx, turnId);
    const key = `tool ${update.id}`;
    const known = open.parts[open.keys.get(key) ?? -1]?.kind;
    const call = updatedCall(known?.case === "toolCall" ? known.value : undefined, update);
    this.#put(tx, open, create(PartSchema, { kind: { case: "toolCall", value: call } }), key);
    return call;
  }

  /** Adds a message of the system's own, whole. */
  notice(tx: Transaction, turnId: string | null, text: string): void {
    this.complete(tx);
    const part = create(PartSchema, { kind: { case: "text", value: text } });
    tx.messages.append({
      sessionId: this.sessionId,
      turnId,
      role: "system",
      content: text,
      parts: storedParts([part]),
      complete: true,
      completedAt: Date.now(),
    });
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
    const before = this.#open;
    const isOther = boundary !== undefined && before?.boundary !== undefined && boundary !== before.boundary;
    if (before !== undefined && (isOther || toolsAreOver(before.parts))) this.complete(tx);
    const open = this.#message(tx, turnId, boundary);
    const last = open.parts.length - 1;
    const index = open.parts[last]?.kind.case === kind ? last : last + 1;
    this.#write(tx, open, index, { case: kind === "text" ? "appendText" : "appendThinking", value: text });
  }

  #put(tx: Transaction, open: Open, part: Part, key: string | undefined): void {
    const index = (key === undefined ? undefined : open.keys.get(key)) ?? open.parts.length;
    if (key !== undefined) open.keys.set(key, index);
    this.#write(tx, open, index, { case: "part", value: part });
  }

  #message(tx: Transaction, turnId: string | null, boundary?: string): Open {
    if (this.#open !== undefined && this.#open.turnId !== turnId) this.complete(tx);
    if (this.#open === undefined) {
      const ordinal = tx.messages.append({
        sessionId: this.sessionId,
        turnId,
        role: "assistant",
        parts: new Uint8Array(),
        metadata: metadataOf(boundary),
      });
      this.#open = { ordinal, turnId, parts: [], bytes: 0, boundary, keys: new Map() };
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
    const limit = open.parts.some(isOpenCall) ? maxBytesWithOpenCall : maxMessageBytes;
    if (open.bytes > limit) this.complete(tx);
  }
}

function metadataOf(boundary: string | undefined): Record<string, string> {
  if (boundary === undefined) return {};
  return boundary === "stdout" || boundary === "stderr"
    ? { [streamKey]: boundary }
    : { [messageKey]: boundary };
}
