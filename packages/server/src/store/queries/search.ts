import { type SQL, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { Values } from "../statements.js";
import { matchExpression, type SearchScope } from "./search-query.js";
import { type Place, SearchWalks } from "./search-walks.js";

const slot = sql.placeholder;

/** Of a search that more messages match, so many of the newest are ranked: a bound on how long everyone else waits for it. */
const RANKED = 10_000;
const SNIPPET_WORDS = 12;

/** What to look for, where, and which page of it. */
export interface SearchFilter extends SearchScope {
  /** Words that must all occur; "quoted words" side by side; a trailing * for any ending. Case and accents do not count. */
  readonly query: string;
  /** Messages created at or after this time, in milliseconds. */
  readonly after?: number | undefined;
  /** Messages created before this time, in milliseconds. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly afterKey?: SearchKey | undefined;
}

/** Where a page ended. Plain numbers, which survive JSON. */
export interface SearchKey {
  readonly score: number;
  readonly id: number;
  /** The newest message there was at the first page; later ones stay out of the pages after it. */
  readonly until: number;
  /** Name of the order that the first page began, while it is remembered. */
  readonly walk: string;
}

/** A message that was found. */
export interface SearchHit {
  readonly sessionId: string;
  readonly projectName: string;
  readonly ordinal: bigint;
  readonly role: string;
  readonly createdAt: number;
  /** About 12 words around what was found, which stands between « and »; … where text was left out. */
  readonly snippet: string;
}

/** One page; `next` is there if more follows. */
export interface SearchPage {
  readonly rows: SearchHit[];
  readonly next: SearchKey | undefined;
}

interface Ranked extends SearchHit {
  readonly id: number;
  readonly score: number;
}

/** Full-text search over complete messages. */
export class MessageSearch {
  readonly #newest;
  readonly #page;
  readonly #pageWithin;
  readonly #order;
  readonly #orderWithin;
  readonly #these;
  readonly #walks = new SearchWalks();

  constructor({ wide, narrow }: Connection) {
    this.#newest = narrow.get((db) => db.select({ id: sql<number | null>`max(id)` }).from(sql`messages`));
    const page = (within?: SQL) =>
      wide.all<Ranked>((db) =>
        db
          .select({
            id: sql`page.id`.mapWith(Number),
            score: sql<number>`page.score`,
            ...hit,
          })
          .from(sql`(${ranked(within)}) AS page ${described(sql`page.id`)}`)
          .orderBy(sql`page.score`, sql`page.id DESC`),
      );
    this.#page = page();
    this.#pageWithin = page(within);
    const order = (within?: SQL) =>
      narrow.all<Place>((db) =>
        db.select({ id: sql<number>`id`, score: sql<number>`score` }).from(sql`(${ranked(within)})`),
      );
    this.#order = order();
    this.#orderWithin = order(within);
    this.#these = wide.all<SearchHit>((db) =>
      db
        .select(hit)
        .from(sql`json_each(${slot("ids")}) AS place ${described(sql`place.value`)}`)
        .orderBy(sql`place.key`),
    );
  }

  /** Best first, and among equals newest first. */
  run(filter: SearchFilter): SearchPage {
    const match = matchExpression(filter.query, filter);
    if (match === undefined) return { rows: [], next: undefined };
    const { after, before, afterKey, limit } = filter;
    const what = JSON.stringify([match, after, before]);
    const rest = afterKey && this.#walks.after(afterKey.walk, what, afterKey.id);
    if (rest !== undefined) return this.#goOn(match, rest, limit, afterKey!);
    const until = afterKey?.until ?? this.#newest()?.id ?? 0;
    const values: Values = {
      match,
      until,
      after: after ?? Number.MIN_SAFE_INTEGER,
      before: before ?? Number.MAX_SAFE_INTEGER,
      afterId: afterKey?.id ?? null,
      afterScore: afterKey?.score ?? null,
    };
    const timed = after !== undefined || before !== undefined;
    const found = (timed ? this.#pageWithin : this.#page)({ ...values, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > page.length ? page.at(-1) : undefined;
    const rows = page.map(({ id: _, score: __, ...hit }) => hit);
    if (last === undefined) return { rows, next: undefined };
    const order = (timed ? this.#orderWithin : this.#order)({ ...values, limit: RANKED });
    const walk = this.#walks.keep(what, order);
    return { rows, next: { score: last.score, id: last.id, until, walk } };
  }

  /** A page of an order that is remembered; what is gone from it is left out. */
  #goOn(match: string, rest: readonly Place[], limit: number, { until, walk }: SearchKey): SearchPage {
    const rows: SearchHit[] = [];
    let at = 0;
    while (rows.length < limit && at < rest.length) {
      const some = rest.slice(at, at + limit - rows.length);
      rows.push(...this.#these({ match, ids: JSON.stringify(some.map(({ id }) => id)) }));
      at += some.length;
    }
    const last = rest[at - 1];
    return { rows, next: at < rest.length && last ? { ...last, until, walk } : undefined };
  }
}

const hit = {
  sessionId: sql<string>`messages.session_id`,
  projectName: sql<string>`sessions.project_name`,
  ordinal: sql<bigint>`messages.ordinal`,
  role: sql<string>`messages.role`,
  createdAt: sql`messages.created_at`.mapWith(Number),
  snippet: sql<string>`snippet(message_search, 1, '«', '»', '…', ${sql.raw(String(SNIPPET_WORDS))})`,
};

const within = sql`created_at >= ${slot("after")} AND created_at < ${slot("before")}`;

// Snippets are made for the page alone.
const described = (id: SQL) => sql`
CROSS JOIN message_search ON message_search.rowid = ${id} AND message_search MATCH ${slot("match")}
CROSS JOIN messages ON messages.id = ${id}
CROSS JOIN sessions ON sessions.id = messages.session_id`;

// Where the order is not remembered any more, what the page before ended with is scored anew; its old score serves only
// once it is gone.
const ranked = (within?: SQL) => sql`
  WITH hits AS MATERIALIZED (
    SELECT message_search.rowid AS id, bm25(message_search, 0.0, 1.0) AS score
    FROM message_search${within ? sql` CROSS JOIN messages ON messages.id = message_search.rowid AND ${within}` : sql``}
    WHERE message_search MATCH ${slot("match")} AND message_search.rowid <= ${slot("until")}
    ORDER BY message_search.rowid DESC LIMIT ${sql.raw(String(RANKED))}
  ), ended AS MATERIALIZED (
    SELECT coalesce((SELECT score FROM hits WHERE id = ${slot("afterId")}), ${slot("afterScore")}) AS score
  )
  SELECT id, score FROM hits
  WHERE ${slot("afterId")} IS NULL OR score > (SELECT score FROM ended)
    OR (score = (SELECT score FROM ended) AND id < ${slot("afterId")})
  ORDER BY score, id DESC LIMIT ${slot("limit")}`;
