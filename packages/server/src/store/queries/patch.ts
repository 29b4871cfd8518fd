import { type InferSelectModel, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Statements, Values } from "../statements.js";

/**
 * A prepared update for each set of columns that a patch names. `where` uses placeholders whose values come second;
 * `always` is set on every update. The function gives the row after the update, or undefined if none matched.
 */
export function patcher<Table extends SQLiteTable>(
  statements: Statements,
  table: Table,
  where: SQL,
  always: Record<string, SQL> = {},
) {
  type Row = InferSelectModel<Table>;
  const prepared = new Map<string, (values?: Values) => Row | undefined>();

  return (patch: Partial<Row>, key: Values): Row | undefined => {
    const changes = Object.entries(patch).filter(([, value]) => value !== undefined);
    const names = changes.map(([name]) => name).sort();
    const shape = names.join();
    let update = prepared.get(shape);
    if (!update) {
      const slots = Object.fromEntries(names.map((name) => [name, sql.placeholder(name)]));
      update = statements.get((db) =>
        db
          .update(table)
          .set({ ...slots, ...always } as never)
          .where(where)
          .returning(),
      ) as (values?: Values) => Row | undefined;
      prepared.set(shape, update);
    }
    return update({ ...Object.fromEntries(changes), ...key });
  };
}
