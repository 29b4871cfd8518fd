import { and, asc, eq, gt, type SQL, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/sqlite-core";
import type { Connection } from "../connection.js";
import type { EventRow, NewEvent } from "../rows.js";
import { events } from "../schema/index.js";
import type { Values } from "../statements.js";
import { appender } from "./insert.js";

const slot = sql.placeholder;

/** Which events; what is left out, or an empty list of types, does not narrow. */
export interface EventFilter {
  readonly types?: readonly number[] | undefined;
  readonly sessionId?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly projectName?: string | undefined;
  readonly limit: number;
}

type Page = (values?: Values) => EventRow[];
/** Whose events; the narrowest comes first, as its index leads the walk over the log. */
const OWNERS = ["sessionId", "runnerId", "projectName"] as const;
type Owner = (typeof OWNERS)[number];

// Word for word the condition of the partial index, which SQLite matches by its text.
const hasSession = sql.raw("session_id <> ''");

export class EventReads {
  readonly #connection: Connection;
  readonly #pages = new Map<string, Page>();
  readonly #head;
  readonly #first;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#head = connection.wide.get((db) =>
      db.select({ seq: sql<bigint>`seq` }).from(sql`sqlite_sequence`).where(sql`name = 'events'`),
    );
    this.#first = connection.wide.get((db) =>
      db.select({ seq: events.seq }).from(events).orderBy(asc(events.seq)).limit(1),
    );
  }

  /** Up to `limit` events with a higher seq, in order. Without a filter they have no gaps. */
  after(seq: bigint, filter: EventFilter): EventRow[] {
    const types = [...new Set(filter.types)];
    const values: Values = {
      after: seq,
      limit: filter.limit,
      types: JSON.stringify(types),
      ...Object.fromEntries(types.map((type, arm) => [`type${arm}`, type])),
      ...Object.fromEntries(OWNERS.map((owner) => [owner, filter[owner]])),
    };
    const owners = OWNERS.filter((owner) => filter[owner] !== undefined);
    return this.#page(owners, types.length)(values);
  }

  /** The seq of the last event ever stored; 0n before the first. */
  head(): bigint {
    return this.#head()?.seq ?? 0n;
  }

  /** The lowest seq that `after` can go on from without a loss. */
  floor(): bigint {
    const first = this.#first()?.seq;
    return first === undefined ? this.head() : first - 1n;
  }

  #page(owners: readonly Owner[], types: number): Page {
    const merged = owners.length === 0 && types > 0;
    const key = `${owners} ${merged ? types : types > 0}`;
    let page = this.#pages.get(key);
    if (!page) {
      page = merged ? this.#pageOfTypes(types) : this.#pageOf(owners, types > 0);
      this.#pages.set(key, page);
    }
    return page;
  }

  #pageOf(owners: readonly Owner[], byType: boolean): Page {
    // The plus keeps SQLite from leaving the leader's index for that of a narrowing column.
    const narrow: (SQL | undefined)[] = owners.map((owner, place) =>
      place === 0 ? eq(events[owner], slot(owner)) : sql`+${events[owner]} = ${slot(owner)}`,
    );
    if (owners[0] === "sessionId") narrow.push(hasSession);
    if (byType) narrow.push(sql`+${events.type} IN (SELECT value FROM json_each(${slot("types")}))`);
    return this.#connection.wide.all((db) =>
      db
        .select()
        .from(events)
        .where(and(...narrow, gt(events.seq, slot("after"))))
        .orderBy(asc(events.seq))
        .limit(slot("limit")),
    );
  }

  // One walk for each type, merged: a rare type is found without reading the log between two of them.
  #pageOfTypes(types: number): Page {
    return this.#connection.wide.all<EventRow>((db) => {
      const arms = Array.from({ length: types }, (_, arm) =>
        db
          .select()
          .from(events)
          .where(and(eq(events.type, slot(`type${arm}`)), gt(events.seq, slot("after")))),
      );
      const [first, second, ...rest] = arms;
      const merged = second ? unionAll(first!, second, ...rest) : first!;
      return merged.orderBy(asc(events.seq)).limit(slot("limit"));
    });
  }
}

export class EventWrites extends EventReads {
  readonly #wake;
  readonly #append;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    this.#wake = wake;
    this.#append = appender<typeof events, "seq">(connection.wide, events);
  }

  /** Adds it to the log and gives its seq. */
  append(event: NewEvent): bigint {
    const seq = this.#append(event);
    this.#wake("events");
    return seq;
  }
}
