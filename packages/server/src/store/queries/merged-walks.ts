import { and, type Column, eq, type SQL, sql } from "drizzle-orm";
import { type SQLiteTable, unionAll } from "drizzle-orm/sqlite-core";
import type { Db } from "../connection.js";
import type { Values } from "../statements.js";

/** What a walk reads: `by` is the column that each walk holds fixed, `order` what the index gives behind it. */
export interface Walks {
  readonly table: SQLiteTable;
  readonly by: Column;
  /** How many values of `by` there are; placeholders `arm0`, `arm1`… name them. */
  readonly arms: number;
  readonly where: readonly (SQL | undefined)[];
  readonly order: readonly SQL[];
}

interface Preparable<Row> {
  prepare(): { all(values?: Values): Row[] };
}
interface Merged<Row> {
  orderBy(...by: readonly SQL[]): { limit(n: unknown): { offset(n: unknown): Preparable<Row> } };
}

/**
 * A page over some values of a column: one walk over an index for each, merged by SQLite in the page's order. It costs
 * the same however many rows there are, which `IN (…)` does not, as that reads and sorts them all.
 * Placeholders `limit` and `offset` cut the page.
 */
export function mergedWalks<Row>(db: Db, { table, by, arms, where, order }: Walks): Preparable<Row> {
  const walks = armSlots(arms).map((value) =>
    db
      .select()
      .from(table)
      .where(and(...where, eq(by, value))),
  );
  const union = unionAll as unknown as (...all: unknown[]) => Merged<Row>;
  const merged = walks.length === 1 ? (walks[0] as unknown as Merged<Row>) : union(...walks);
  return merged
    .orderBy(...order)
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset"));
}

/** The placeholders of so many walks. */
export function armSlots(arms: number) {
  return Array.from({ length: arms }, (_, arm) => sql.placeholder(`arm${arm}`));
}

/** The values of those placeholders. */
export function armValues(asked: readonly unknown[]): Values {
  return Object.fromEntries(asked.map((value, arm) => [`arm${arm}`, value]));
}
