import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { ChunkRow } from "../rows.js";
import { messageChunks } from "../schema/index.js";
import { inserter } from "./insert.js";

const slot = sql.placeholder;
const ofMessage = and(
  eq(messageChunks.sessionId, slot("sessionId")),
  eq(messageChunks.ordinal, slot("ordinal")),
);

export class ChunkReads {
  readonly #after;

  constructor({ narrow }: Connection) {
    this.#after = narrow.all((db) =>
      db
        .select({ idx: messageChunks.idx, chunk: messageChunks.chunk })
        .from(messageChunks)
        .where(and(ofMessage, gt(messageChunks.idx, slot("idx"))))
        .orderBy(asc(messageChunks.idx)),
    );
  }

  /** The pieces of a message in flight after `idx`, in order; 0 gives them all. */
  after(sessionId: string, ordinal: bigint, idx: number): ChunkRow[] {
    return this.#after({ sessionId, ordinal, idx });
  }
}

export class ChunkWrites extends ChunkReads {
  readonly #wake;
  readonly #last;
  readonly #insert;
  readonly #delete;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    const { narrow } = connection;
    this.#wake = wake;
    this.#last = narrow.get((db) =>
      db
        .select({ idx: sql<number>`coalesce(max(${messageChunks.idx}), 0)` })
        .from(messageChunks)
        .where(ofMessage),
    );
    this.#insert = inserter(narrow, messageChunks);
    this.#delete = narrow.run((db) => db.delete(messageChunks).where(ofMessage));
  }

  /** Adds a piece and gives its place, from 1. Raises `constraint` (foreign_key) without the session. */
  append(sessionId: string, ordinal: bigint, chunk: Uint8Array): number {
    const idx = (this.#last({ sessionId, ordinal })?.idx ?? 0) + 1;
    this.#insert({ sessionId, ordinal, idx, chunk });
    this.#wake(`session:${sessionId}`);
    return idx;
  }

  /** How many pieces it dropped. */
  deleteFor(sessionId: string, ordinal: bigint): number {
    return this.#delete({ sessionId, ordinal }).changes;
  }
}
