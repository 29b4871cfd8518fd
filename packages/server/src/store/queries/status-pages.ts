import { and, type Column, desc, eq, inArray, type SQL, sql } from "drizzle-orm";
import { type SQLiteTable, unionAll } from "drizzle-orm/sqlite-core";
import type { Connection } from "../connection.js";
import type { Values } from "../statements.js";

const slot = sql.placeholder;

/** The last row of the page before. */
export interface AfterKey {
  readonly createdAt: number;
  readonly id: string;
}

/** One page, newest first. `matching` gives the value of each filter that applies, by the filter's name. */
export interface PageRequest {
  readonly matching: Readonly<Record<string, unknown>>;
  readonly statuses?: readonly number[] | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly afterKey?: AfterKey | undefined;
}

/** A condition on the rows; `counted` is the same on the table of counts, where that can answer it. */
export interface Filter {
  readonly row: SQL;
  readonly counted?: SQL;
}

interface Source {
  readonly table: SQLiteTable & { status: Column; createdAt: Column; id: Column };
  readonly counts: SQLiteTable & { status: Column; count: Column };
  /** Every status there is. */
  readonly statuses: readonly number[];
  readonly filters: Readonly<Record<string, Filter>>;
}

interface Shape {
  readonly filters: readonly string[];
  readonly arms: number;
  readonly after: boolean;
}

interface Merged<Row> {
  orderBy(...by: SQL[]): { limit(n: unknown): { offset(n: unknown): Preparable<Row> } };
}
interface Preparable<Row> {
  prepare(): { all(values?: Values): Row[] };
}

/**
 * Pages of a table that has statuses, newest first, with totals. A page walks the index once for each status, in the
 * page's order, and SQLite merges the walks: it costs the same however many rows there are, which
 * `status IN (…)` does not, as that reads and sorts them all. Totals come from the table of counts where it can.
 */
export class StatusPages<Row> {
  readonly #connection: Connection;
  readonly #source: Source;
  readonly #pages = new Map<string, (values?: Values) => Row[]>();
  readonly #totals = new Map<string, (values?: Values) => { n: number } | undefined>();

  constructor(connection: Connection, source: Source) {
    this.#connection = connection;
    this.#source = source;
  }

  list(request: PageRequest): { rows: Row[]; total: number } {
    const asked = request.statuses?.length ? new Set(request.statuses) : undefined;
    const statuses = this.#source.statuses.filter((status) => asked?.has(status) ?? true);
    if (statuses.length === 0) return { rows: [], total: 0 };
    const matching = Object.entries(request.matching).filter(([, value]) => value !== undefined);
    const filters = matching.map(([name]) => name);
    const after = request.afterKey !== undefined;
    const values: Values = {
      ...Object.fromEntries(matching),
      ...Object.fromEntries(statuses.map((status, arm) => [`status${arm}`, status])),
      afterCreatedAt: request.afterKey?.createdAt,
      afterId: request.afterKey?.id,
      limit: request.limit,
      offset: request.offset ?? 0,
    };
    const page = this.#page({ filters, arms: statuses.length, after });
    const total = this.#total({ filters, arms: statuses.length, after: false });
    return { rows: page(values), total: total(values)?.n ?? 0 };
  }

  #page(shape: Shape) {
    const { table, filters } = this.#source;
    const older = sql`(${table.createdAt}, ${table.id}) < (${slot("afterCreatedAt")}, ${slot("afterId")})`;
    return memo(this.#pages, shape, () =>
      this.#connection.wide.all<Row>((db) => {
        const arms = armSlots(shape.arms).map((status) =>
          db
            .select()
            .from(table)
            .where(
              and(
                ...shape.filters.map((name) => filters[name]?.row),
                eq(table.status, status),
                shape.after ? older : undefined,
              ),
            ),
        );
        return merge<Row>(arms)
          .orderBy(desc(table.createdAt), desc(table.id))
          .limit(slot("limit"))
          .offset(slot("offset"));
      }),
    );
  }

  #total(shape: Shape) {
    const { table, counts, filters } = this.#source;
    const asked = shape.filters.map((name) => filters[name]);
    const countable = asked.every((filter) => filter?.counted);
    const from = countable ? counts : table;
    const n = countable ? sql<number>`coalesce(sum(${counts.count}), 0)` : sql<number>`count(*)`;
    return memo(this.#totals, shape, () =>
      this.#connection.narrow.get((db) =>
        db
          .select({ n })
          .from(from)
          .where(
            and(
              ...asked.map((filter) => (countable ? filter?.counted : filter?.row)),
              inArray(from.status, armSlots(shape.arms)),
            ),
          ),
      ),
    );
  }
}

function armSlots(arms: number) {
  return Array.from({ length: arms }, (_, arm) => slot(`status${arm}`));
}

function merge<Row>(arms: readonly unknown[]): Merged<Row> {
  const union = unionAll as unknown as (...all: unknown[]) => Merged<Row>;
  return arms.length === 1 ? (arms[0] as Merged<Row>) : union(...arms);
}

function memo<Value>(cache: Map<string, Value>, shape: Shape, make: () => Value): Value {
  const key = JSON.stringify(shape);
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}
