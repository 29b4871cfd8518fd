import { and, asc, eq, gte, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import { StoreError } from "../errors.js";
import type { MessageRow, NewMessage } from "../rows.js";
import { messages, sessions } from "../schema/index.js";
import type { ChunkWrites } from "./chunks.js";
import { appender } from "./insert.js";
import { patcher } from "./patch.js";
import { MessageSearch, type SearchFilter, type SearchPage } from "./search.js";

const slot = sql.placeholder;

/** What a message is once it is complete. */
export interface Completion {
  readonly content: string;
  readonly parts: Uint8Array;
  readonly usage?: Uint8Array | null;
  readonly metadata?: Record<string, string>;
  /** Now, if left out. */
  readonly completedAt?: number;
}

export class MessageReads {
  readonly #byOrdinal;
  readonly #page;
  readonly #count;
  readonly #search;

  constructor(connection: Connection) {
    const { wide } = connection;
    this.#search = new MessageSearch(connection);
    const inSession = eq(messages.sessionId, slot("sessionId"));
    this.#byOrdinal = wide.get((db) =>
      db
        .select()
        .from(messages)
        .where(and(inSession, eq(messages.ordinal, slot("ordinal")))),
    );
    this.#page = wide.all((db) =>
      db
        .select()
        .from(messages)
        .where(and(inSession, gte(messages.ordinal, slot("from"))))
        .orderBy(asc(messages.ordinal))
        .limit(slot("limit")),
    );
    this.#count = wide.get((db) =>
      db
        .select({ next: sessions.nextOrdinal })
        .from(sessions)
        .where(eq(sessions.id, slot("sessionId"))),
    );
  }

  byOrdinal(sessionId: string, ordinal: bigint): MessageRow | undefined {
    return this.#byOrdinal({ sessionId, ordinal });
  }

  /** Up to `limit` messages from an ordinal on, that one included, in order. Ordinals start at 1. */
  page(sessionId: string, fromOrdinal: bigint, limit: number): MessageRow[] {
    return this.#page({ sessionId, from: fromOrdinal, limit });
  }

  /**
   * Complete messages that hold what was typed, best first. Without a word to look for it finds nothing. Words are what stands
   * between spaces and punctuation, so a script that writes without them is found from a word's start only, with a *.
   */
  search(filter: SearchFilter): SearchPage {
    return this.#search.run(filter);
  }

  /** How many the session has; ordinals have no gaps, so this is also the last one's ordinal. 0 without the session. */
  count(sessionId: string): number {
    return Number((this.#count({ sessionId })?.next ?? 1n) - 1n);
  }
}

export class MessageWrites extends MessageReads {
  readonly #wake;
  readonly #chunks;
  readonly #nextOrdinal;
  readonly #insert;
  readonly #update;

  constructor(connection: Connection, wake: (topic: string) => void, chunks: ChunkWrites) {
    super(connection);
    const { wide } = connection;
    this.#wake = wake;
    this.#chunks = chunks;
    this.#nextOrdinal = wide.get((db) =>
      db
        .update(sessions)
        .set({ nextOrdinal: sql`${sessions.nextOrdinal} + 1` })
        .where(eq(sessions.id, slot("sessionId")))
        .returning({ next: sessions.nextOrdinal }),
    );
    this.#insert = appender<typeof messages, "id">(wide, messages);
    this.#update = patcher(
      wide,
      messages,
      sql`${eq(messages.sessionId, slot("whereSession"))} AND ${eq(messages.ordinal, slot("whereOrdinal"))}`,
    );
  }

  /** Adds it as the session's last message and gives its ordinal. Raises `constraint` (foreign_key) without the session. */
  append(message: NewMessage): bigint {
    const { sessionId } = message;
    const next = this.#nextOrdinal({ sessionId })?.next;
    if (next === undefined) {
      const constraint = { type: "foreign_key", columns: [] } as const;
      throw new StoreError("constraint", `session ${sessionId} does not exist`, { constraint });
    }
    const ordinal = next - 1n;
    this.#insert({ ...message, ordinal });
    this.#wake(`session:${sessionId}`);
    return ordinal;
  }

  /** Completes the message and drops its chunks. The row after it; undefined if there is none. */
  complete(sessionId: string, ordinal: bigint, completion: Completion): MessageRow | undefined {
    const changes = { completedAt: Date.now(), ...completion, complete: true };
    const row = this.#update(changes, { whereSession: sessionId, whereOrdinal: ordinal });
    if (!row) return undefined;
    this.#chunks.deleteFor(sessionId, ordinal);
    this.#wake(`session:${sessionId}`);
    return row;
  }
}
