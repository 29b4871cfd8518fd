import { type Column, getTableColumns, type InferInsertModel, type InferSelectModel, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Statements } from "../statements.js";

/** A prepared insert of whole rows; the function gives the row as it was stored, defaults filled in. */
export function inserter<Table extends SQLiteTable>(statements: Statements, table: Table) {
  const { run, complete } = insertion(statements, table);
  return (row: InferInsertModel<Table>): InferSelectModel<Table> => {
    const full = complete(row);
    run(full);
    return full as InferSelectModel<Table>;
  };
}

/** The same for a table whose key SQLite gives; the function gives that key. */
export function appender<Table extends SQLiteTable, Key extends string>(
  statements: Statements,
  table: Table,
) {
  const { run, complete } = insertion(statements, table);
  return (row: Omit<InferInsertModel<Table>, Key>): bigint => BigInt(run(complete(row)).lastInsertRowid);
}

function insertion(statements: Statements, table: SQLiteTable) {
  const columns = Object.entries(getTableColumns(table));
  const slots = Object.fromEntries(columns.map(([key]) => [key, sql.placeholder(key)]));
  const run = statements.run((db) => db.insert(table).values(slots as never));
  const complete = (row: object): Record<string, unknown> => {
    const given = row as Record<string, unknown>;
    const full: Record<string, unknown> = {};
    for (const [key, column] of columns) full[key] = given[key] ?? defaultOf(column);
    return full;
  };
  return { run, complete };
}

function defaultOf(column: Column): unknown {
  if (column.defaultFn) return column.defaultFn();
  const value = column.default;
  // A default object is one object: a caller who changed it would change every later row.
  return typeof value === "object" && value !== null ? structuredClone(value) : (value ?? null);
}
