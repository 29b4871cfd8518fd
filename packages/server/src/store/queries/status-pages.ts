import { and, type Column, desc, inArray, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Connection } from "../connection.js";
import type { Values } from "../statements.js";
import { armSlots, armValues, mergedWalks } from "./merged-walks.js";

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

/**
 * Pages of a table that has statuses, newest first, with totals: a merged walk for each status, so that a page costs the
 * same however many rows there are. Totals come from the table of counts where it can.
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
      ...armValues(statuses),
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
      this.#connection.wide.all<Row>((db) =>
        mergedWalks(db, {
          table,
          by: table.status,
          arms: shape.arms,
          where: [...shape.filters.map((name) => filters[name]?.row), shape.after ? older : undefined],
          order: [desc(table.createdAt), desc(table.id)],
        }),
      ),
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

/** Counts by project, then by status; what there is none of is left out. */
export function countsByProject(
  rows: readonly { uid: string; status: number; n: number }[],
): Map<string, Map<number, number>> {
  const projects = new Map<string, Map<number, number>>();
  for (const { uid, status, n } of rows) {
    if (n === 0) continue;
    const counts = projects.get(uid) ?? new Map<number, number>();
    projects.set(uid, counts.set(status, n));
  }
  return projects;
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
