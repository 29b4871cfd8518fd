import Database from "better-sqlite3";
import { getTableColumns, is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { migrate } from "../../src/store/migrate.js";
import { MIGRATIONS } from "../../src/store/migrations/index.js";
import * as schema from "../../src/store/schema/index.js";

interface ColumnInfo {
  name: string;
  type: string;
  notnull: 0 | 1;
  dflt_value: string | null;
  pk: number;
}

const raw = new Database(":memory:");
migrate(raw, MIGRATIONS);

const tables = Object.values(schema).filter((value) => is(value, SQLiteTable));

const indexesOf = (table: string) =>
  raw
    .prepare<[string], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all(table);

test("the migrations make the tables of the schema, and no others but the full-text index", () => {
  const own = raw
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all();
  expect(own).toEqual(tables.map((table) => getTableConfig(table).name).sort());
});

test("the steps are numbered from 1 without gaps", () => {
  expect(MIGRATIONS.map((step) => step.version)).toEqual(MIGRATIONS.map((_, place) => place + 1));
});

describe.each(tables.map((table) => [getTableConfig(table).name, table] as const))("%s", (name, table) => {
  const found = raw.pragma(`table_info(${name})`) as ColumnInfo[];
  const config = getTableConfig(table);
  const byName = new Map(Object.values(getTableColumns(table)).map((column) => [column.name, column]));

  test("has the schema's columns, with type, presence and default", () => {
    const value = (sql: string) => raw.prepare(`SELECT ${sql}`).pluck().get();
    const inDatabase = found.map((column) => ({
      name: column.name,
      type: column.type.toLowerCase(),
      notNull: column.notnull === 1,
      default: column.dflt_value === null ? undefined : value(column.dflt_value),
    }));
    const inSchema = found.map(({ name: columnName }) => {
      const column = byName.get(columnName);
      const bound = column?.default === undefined ? undefined : column.mapToDriverValue(column.default);
      return {
        name: column?.name,
        type: column?.getSQLType(),
        notNull: column?.notNull,
        default:
          typeof bound === "bigint" ? Number(bound) : typeof bound === "boolean" ? Number(bound) : bound,
      };
    });
    expect(inDatabase).toEqual(inSchema);
    expect(byName.size).toBe(found.length);
  });

  test("has the schema's primary key", () => {
    const key = found.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk);
    const composite = config.primaryKeys[0]?.columns.map((column) => column.name);
    const single = [...byName.values()].filter((column) => column.primary).map((column) => column.name);
    expect(key.map((column) => column.name)).toEqual(composite ?? single);
  });

  test("has the schema's indexes and references", () => {
    expect(indexesOf(name)).toEqual(config.indexes.map((index) => index.config.name).sort());
    for (const index of config.indexes) {
      const columns = raw.pragma(`index_info(${index.config.name})`) as { name: string }[];
      const wanted = index.config.columns.map((column) => ("name" in column ? column.name : undefined));
      expect
        .soft(
          columns.map((column) => column.name),
          index.config.name,
        )
        .toEqual(wanted);
    }
    const references = (
      raw.pragma(`foreign_key_list(${name})`) as {
        table: string;
        from: string;
        to: string;
        on_delete: string;
      }[]
    )
      .map(
        ({ table: to, from, to: column, on_delete }) =>
          `${from} -> ${to}.${column} ${on_delete.toLowerCase()}`,
      )
      .sort();
    const wanted = config.foreignKeys
      .map((key) => {
        const { columns, foreignTable, foreignColumns } = key.reference();
        const target = getTableConfig(foreignTable as SQLiteTable).name;
        return `${columns[0]!.name} -> ${target}.${foreignColumns[0]!.name} ${key.onDelete ?? "no action"}`;
      })
      .sort();
    expect(references).toEqual(wanted);
  });
});
