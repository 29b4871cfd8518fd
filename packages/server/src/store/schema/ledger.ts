import { sql } from "drizzle-orm";
import { index, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes, createdNow, int, int64, json } from "../columns.js";

/** The durable event log. `seq` is AUTOINCREMENT: never reused, and without gaps, as a rolled back job gives its numbers back. */
export const events = sqliteTable(
  "events",
  {
    seq: int64("seq").primaryKey(),
    type: int("type").notNull(),
    createdAt: createdNow("created_at"),
    runnerId: text("runner_id").notNull().default(""),
    projectName: text("project_name").notNull().default(""),
    projectUid: text("project_uid").notNull().default(""),
    sessionId: text("session_id").notNull().default(""),
    payloadType: text("payload_type").notNull().default(""),
    payload: bytes("payload").notNull(),
    metadata: json<Record<string, string>>("metadata").notNull().default({}),
  },
  (table) => [
    index("events_by_runner").on(table.runnerId, table.seq),
    index("events_by_project").on(table.projectName, table.seq),
    index("events_by_type").on(table.type, table.seq),
    index("events_by_session").on(table.sessionId, table.seq).where(sql`session_id <> ''`),
  ],
);

/** What was spent, added up by UTC day. The project and the day lead the key: quotas ask by them. */
export const usageDaily = sqliteTable(
  "usage_daily",
  {
    projectUid: text("project_uid").notNull(),
    day: text("day").notNull(),
    runnerId: text("runner_id").notNull(),
    sessionId: text("session_id").notNull(),
    model: text("model").notNull(),
    costBasis: int("cost_basis").notNull(),
    currency: text("currency").notNull(),
    inputTokens: int64("input_tokens").notNull().default(0n),
    outputTokens: int64("output_tokens").notNull().default(0n),
    cacheReadTokens: int64("cache_read_tokens").notNull().default(0n),
    cacheWriteTokens: int64("cache_write_tokens").notNull().default(0n),
    reasoningTokens: int64("reasoning_tokens").notNull().default(0n),
    costNanos: int64("cost_nanos").notNull().default(0n),
    /** Who sent the message. */
    person: text("person").notNull().default(""),
    /** It outlives the project. */
    projectName: text("project_name").notNull().default(""),
  },
  (table) => [
    index("usage_daily_by_day").on(table.day),
    index("usage_daily_by_runner").on(table.runnerId),
    primaryKey({
      columns: [
        table.projectUid,
        table.day,
        table.runnerId,
        table.sessionId,
        table.model,
        table.person,
        table.costBasis,
        table.currency,
      ],
    }),
  ],
);

/** `usage_daily` added up for each project and day, and under the day '' for all time. Triggers keep it; it outlives the project. */
export const usageSums = sqliteTable(
  "usage_sums",
  {
    day: text("day").notNull(),
    projectUid: text("project_uid").notNull(),
    currency: text("currency").notNull(),
    costBasis: int("cost_basis").notNull(),
    inputTokens: int64("input_tokens").notNull(),
    outputTokens: int64("output_tokens").notNull(),
    cacheReadTokens: int64("cache_read_tokens").notNull(),
    cacheWriteTokens: int64("cache_write_tokens").notNull(),
    reasoningTokens: int64("reasoning_tokens").notNull(),
    costNanos: int64("cost_nanos").notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.projectUid, table.currency, table.costBasis] })],
);

/** Answers already given, by request id, so that a repeated mutation gets the first one again. */
export const requests = sqliteTable(
  "requests",
  {
    scope: text("scope").notNull(),
    requestId: text("request_id").notNull(),
    bodyHash: bytes("body_hash").notNull(),
    response: bytes("response").notNull(),
    createdAt: createdNow("created_at"),
  },
  (table) => [
    primaryKey({ columns: [table.scope, table.requestId] }),
    index("requests_by_age").on(table.createdAt),
  ],
);

/** Facts about this file: generation, epoch, identity, clean stop, backup stamp. */
export const meta = sqliteTable("meta", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});

export const schemaMigrations = sqliteTable("schema_migrations", {
  version: int("version").primaryKey(),
  name: text("name").notNull(),
  appliedAt: int("applied_at").notNull(),
});
