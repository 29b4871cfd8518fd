import { sql } from "drizzle-orm";
import { index, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { bytes, createdNow, flag, int, int64, json } from "../columns.js";

/** RunnerStatus numbers from STARTING to STOPPING are live, the two after them are terminal. */
export const RUNNER_STATUSES = [1, 2, 3, 4, 5, 6] as const;

export const projects = sqliteTable("projects", {
  uid: text("uid").primaryKey(),
  name: text("name").notNull().unique(),
  description: text("description").notNull().default(""),
  path: text("path").notNull(),
  archived: flag("archived").notNull().default(false),
  quota: bytes("quota"),
  config: bytes("config"),
  metadata: json<Record<string, string>>("metadata").notNull().default({}),
  version: int("version").notNull().default(1),
  createdAt: createdNow("created_at"),
  updatedAt: createdNow("updated_at"),
});

export const runners = sqliteTable(
  "runners",
  {
    id: text("id").primaryKey(),
    projectUid: text("project_uid")
      .notNull()
      .references(() => projects.uid),
    projectName: text("project_name").notNull(),
    status: int("status").notNull(),
    activity: int("activity").notNull().default(0),
    agent: text("agent").notNull(),
    model: text("model").notNull().default(""),
    effectiveModel: text("effective_model").notNull().default(""),
    temperature: real("temperature").notNull().default(0),
    maxTokens: int("max_tokens").notNull().default(0),
    runtimeId: text("runtime_id").notNull().default(""),
    external: flag("external").notNull().default(false),
    spec: bytes("spec").notNull(),
    quota: bytes("quota"),
    metadata: json<Record<string, string>>("metadata").notNull().default({}),
    warnings: json<string[]>("warnings").notNull().default([]),
    sessionId: text("session_id"),
    incarnation: int("incarnation").notNull().default(1),
    reason: text("reason").notNull().default(""),
    exitCode: int("exit_code"),
    createdBy: text("created_by").notNull().default(""),
    createdAt: createdNow("created_at"),
    updatedAt: createdNow("updated_at"),
    lastHeartbeat: int("last_heartbeat"),
    startedAt: int("started_at"),
    endedAt: int("ended_at"),
    tokensUsed: int64("tokens_used").notNull().default(0n),
    usage: bytes("usage"),
    version: int("version").notNull().default(1),
    heartbeatTtlMs: int("heartbeat_ttl_ms"),
    peakMemoryMb: int64("peak_memory_mb").notNull().default(0n),
  },
  (table) => [
    index("runners_by_project").on(table.projectName, table.status, table.createdAt, table.id),
    index("runners_by_status").on(table.status, table.createdAt, table.id),
    index("runners_of_project").on(table.projectUid),
    index("runners_live").on(table.projectUid).where(sql`status < 5`),
    index("runners_external").on(table.id).where(sql`external = 1 AND status < 5`),
    uniqueIndex("runners_live_runtime_id").on(table.runtimeId).where(sql`status < 5 AND runtime_id <> ''`),
  ],
);

/** How many runners a project has in each status. Triggers keep it, so that a total needs no scan. */
export const runnerCounts = sqliteTable(
  "runner_counts",
  {
    projectName: text("project_name").notNull(),
    projectUid: text("project_uid").notNull(),
    status: int("status").notNull(),
    count: int("count").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.projectName, table.projectUid, table.status] }),
    index("runner_counts_of_project").on(table.projectUid),
  ],
);

/** How many runners, sessions and turns a project ever had, also those deleted since. Triggers keep it; it outlives the project. */
export const createdTotals = sqliteTable("created_totals", {
  projectUid: text("project_uid").primaryKey(),
  runners: int("runners").notNull().default(0),
  sessions: int("sessions").notNull().default(0),
  turns: int("turns").notNull().default(0),
});

/** What a restarted daemon needs to find a runner's process; apart from `runners`, as it changes with each batch of output. */
export const runnerProcesses = sqliteTable("runner_processes", {
  runnerId: text("runner_id")
    .primaryKey()
    .references(() => runners.id, { onDelete: "cascade" }),
  nonce: text("nonce").notNull().unique(),
  dir: text("dir").notNull(),
  handle: json<unknown>("handle"),
  stdoutOffset: int64("stdout_offset").notNull().default(0n),
  stderrOffset: int64("stderr_offset").notNull().default(0n),
  adapterState: json<unknown>("adapter_state"),
  state: text("state").notNull(),
});
