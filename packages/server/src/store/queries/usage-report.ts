import { type SQL, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { Values } from "../statements.js";

const slot = sql.placeholder;

/** What usage can be told apart by, in the order in which a report's rows are sorted. */
export const USAGE_DIMENSIONS = ["day", "project", "person", "model", "runner", "session"] as const;

export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

/** A project is its uid: a name can have been used before. */
const COLUMN: Readonly<Record<UsageDimension, string>> = {
  day: "day",
  project: "project_uid",
  person: "person",
  model: "model",
  runner: "runner_id",
  session: "session_id",
};

/** What is left out is not asked for. Days are UTC, `YYYY-MM-DD`, both included. */
export interface UsageFilter {
  readonly projectName?: string | undefined;
  readonly person?: string | undefined;
  readonly model?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly firstDay?: string | undefined;
  readonly lastDay?: string | undefined;
}

export interface UsageReportQuery extends UsageFilter {
  /** Sorted as `USAGE_DIMENSIONS`; empty: one row for everything. */
  readonly by: readonly UsageDimension[];
  readonly limit: number;
  /** The values of `by` in the last row of the page before. */
  readonly afterKey?: readonly string[] | undefined;
}

/** What one group used that has a cost in one currency on one basis. */
export interface UsageReportRow {
  /** The values of `by`. */
  readonly key: readonly string[];
  /** Where `by` has the project. */
  readonly projectName: string;
  readonly currency: string;
  readonly basis: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly cacheReadTokens: bigint;
  readonly cacheWriteTokens: bigint;
  readonly reasoningTokens: bigint;
  readonly costNanos: bigint;
}

type Found = Omit<UsageReportRow, "key"> & { key: string };

const sums = {
  currency: sql<string>`currency`,
  basis: sql`cost_basis`.mapWith(Number),
  inputTokens: sql<bigint>`sum(input_tokens)`,
  outputTokens: sql<bigint>`sum(output_tokens)`,
  cacheReadTokens: sql<bigint>`sum(cache_read_tokens)`,
  cacheWriteTokens: sql<bigint>`sum(cache_write_tokens)`,
  reasoningTokens: sql<bigint>`sum(reasoning_tokens)`,
  costNanos: sql<bigint>`sum(cost_nanos)`,
};

const given = (column: string, name: string) =>
  sql`(${slot(name)} IS NULL OR ${sql.raw(column)} = ${slot(name)})`;

const filtered = sql`day >= ${slot("firstDay")} AND day <= ${slot("lastDay")}
  AND ${given("project_name", "projectName")} AND ${given("person", "person")} AND ${given("model", "model")}
  AND ${given("runner_id", "runnerId")} AND ${given("session_id", "sessionId")}`;

/** Adds up the ledger of usage. */
export class UsageReports {
  readonly #connection: Connection;
  readonly #statements = new Map<string, (values?: Values) => Found[]>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The rows of a page of groups; a group has one for each kind of cost. At most `limit` groups. */
  page({ by, limit, afterKey, ...filter }: UsageReportQuery): UsageReportRow[] {
    const dimensions = USAGE_DIMENSIONS.filter((dimension) => by.includes(dimension));
    const after = Object.fromEntries(dimensions.map((_, at) => [`after${at}`, afterKey?.[at] ?? null]));
    const rows = this.#statement(
      dimensions,
      afterKey !== undefined,
    )({
      ...{ projectName: null, person: null, model: null, runnerId: null, sessionId: null },
      ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
      firstDay: filter.firstDay ?? "",
      lastDay: filter.lastDay ?? "9999-12-31",
      limit,
      ...after,
    });
    return rows.map((row) => ({ ...row, key: JSON.parse(row.key) as string[] }));
  }

  #statement(dimensions: readonly UsageDimension[], isNext: boolean) {
    const shape = JSON.stringify([dimensions, isNext]);
    const known = this.#statements.get(shape);
    if (known !== undefined) return known;
    const statement = this.#connection.wide.all<Found>((db) => {
      const columns = dimensions.map((dimension) => COLUMN[dimension]);
      const list = sql.raw(columns.join(", "));
      const keys = columns.length === 0 ? sql.raw("") : sql`${list}, `;
      const name = dimensions.includes("project") ? sql<string>`max(project_name)` : sql<string>`''`;
      return db
        .select({ key: sql<string>`json_array(${list})`, projectName: name, ...sums })
        .from(sql`usage_daily`)
        .where(sql`${filtered}${columns.length === 0 ? sql`` : within(columns, isNext)}`)
        .groupBy(sql`${keys}currency, cost_basis`)
        .orderBy(sql`${keys}currency, cost_basis`);
    });
    this.#statements.set(shape, statement);
    return statement;
  }
}

/** The groups of the page, as so many of them come next. */
function within(columns: readonly string[], isNext: boolean): SQL {
  const list = sql.raw(columns.join(", "));
  const last = sql.join(
    columns.map((_, at) => sql`${slot(`after${at}`)}`),
    sql`, `,
  );
  const next = isNext ? sql` AND (${list}) > (${last})` : sql``;
  return sql` AND (${list}) IN (SELECT DISTINCT ${list} FROM usage_daily WHERE ${filtered}${next} ORDER BY ${list} LIMIT ${slot("limit")})`;
}
