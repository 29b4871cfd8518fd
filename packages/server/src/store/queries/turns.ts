import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewTurn, TurnPatch, TurnRow } from "../rows.js";
import { turns } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";

const slot = sql.placeholder;
const isOpen = sql.raw("ended_at IS NULL");

/** Times tell queued, running and ended turns apart: `startedAt` is set when a turn leaves the queue, `endedAt` at its end. */
export class TurnReads {
  readonly #byId;
  readonly #queued;
  readonly #running;
  readonly #forSession;
  readonly #latest;
  readonly #after;

  constructor({ narrow }: Connection) {
    const inSession = eq(turns.sessionId, slot("sessionId"));
    this.#byId = narrow.get((db) =>
      db
        .select()
        .from(turns)
        .where(eq(turns.id, slot("id"))),
    );
    this.#queued = narrow.get((db) =>
      db
        .select()
        .from(turns)
        .where(sql`${inSession} AND ${isOpen} AND ${turns.startedAt} IS NULL`)
        .orderBy(asc(turns.seq))
        .limit(1),
    );
    this.#running = narrow.get((db) =>
      db
        .select()
        .from(turns)
        .where(sql`${inSession} AND ${isOpen} AND ${turns.startedAt} IS NOT NULL`)
        .orderBy(asc(turns.seq))
        .limit(1),
    );
    this.#forSession = narrow.all((db) => db.select().from(turns).where(inSession).orderBy(asc(turns.seq)));
    this.#latest = narrow.get((db) =>
      db.select().from(turns).where(inSession).orderBy(desc(turns.seq)).limit(1),
    );
    this.#after = narrow.all((db) =>
      db
        .select()
        .from(turns)
        .where(and(inSession, gt(turns.seq, slot("seq"))))
        .orderBy(asc(turns.seq)),
    );
  }

  byId(id: string): TurnRow | undefined {
    return this.#byId({ id });
  }

  /** The oldest turn that has not started. */
  nextQueued(sessionId: string): TurnRow | undefined {
    return this.#queued({ sessionId });
  }

  /** The turn that has started and not ended. */
  running(sessionId: string): TurnRow | undefined {
    return this.#running({ sessionId });
  }

  /** All of them, oldest first. */
  forSession(sessionId: string): TurnRow[] {
    return this.#forSession({ sessionId });
  }

  latest(sessionId: string): TurnRow | undefined {
    return this.#latest({ sessionId });
  }

  /** Those behind a turn of the session, by its `seq`, oldest first. */
  after(sessionId: string, seq: number): TurnRow[] {
    return this.#after({ sessionId, seq });
  }
}

export class TurnWrites extends TurnReads {
  readonly #wake;
  readonly #insert;
  readonly #update;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    this.#wake = wake;
    this.#insert = inserter(connection.narrow, turns);
    this.#update = patcher(connection.narrow, turns, eq(turns.id, slot("whereId")));
  }

  /** Adds it as the session's last. Raises `constraint` (foreign_key) without the session. */
  insert(turn: NewTurn): TurnRow {
    const seq = (this.latest(turn.sessionId)?.seq ?? 0) + 1;
    const row = this.#insert({ ...turn, seq });
    this.#wake(`session:${row.sessionId}`);
    return row;
  }

  /** The row after the update; undefined if there is none. */
  update(id: string, patch: TurnPatch): TurnRow | undefined {
    const row = this.#update(patch, { whereId: id });
    if (row) this.#wake(`session:${row.sessionId}`);
    return row;
  }
}
