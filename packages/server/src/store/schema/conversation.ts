import { sql } from "drizzle-orm";
import { index, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { bytes, createdNow, flag, int, int64, json } from "../columns.js";

/** Every SessionStatus number. ACTIVE and IDLE, the first two, are on a live runner. */
export const SESSION_STATUSES = [1, 2, 3, 4] as const;

export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    runnerId: text("runner_id").notNull(),
    projectUid: text("project_uid").notNull(),
    projectName: text("project_name").notNull(),
    status: int("status").notNull(),
    agent: text("agent").notNull().default(""),
    agentSessionId: text("agent_session_id"),
    model: text("model").notNull().default(""),
    title: text("title").notNull().default(""),
    tokenCount: int64("token_count").notNull().default(0n),
    usage: bytes("usage"),
    metadata: json<Record<string, string>>("metadata").notNull().default({}),
    nextOrdinal: int64("next_ordinal").notNull().default(1n),
    resumedFrom: text("resumed_from"),
    reason: text("reason").notNull().default(""),
    createdAt: createdNow("created_at"),
    updatedAt: createdNow("updated_at"),
    lastActivity: createdNow("last_activity"),
    endedAt: int("ended_at"),
    version: int("version").notNull().default(1),
    forkOf: text("fork_of"),
    /** What its agent has last reported as a sum over the session: a Usage. */
    reportedUsage: bytes("reported_usage"),
  },
  (table) => [
    index("sessions_by_project").on(table.projectName, table.status, table.createdAt, table.id),
    index("sessions_by_runner").on(table.runnerId, table.status, table.createdAt, table.id),
    index("sessions_by_status").on(table.status, table.createdAt, table.id),
  ],
);

/** How many sessions a project has in each status. Triggers keep it, so that a total needs no scan. */
export const sessionCounts = sqliteTable(
  "session_counts",
  {
    projectName: text("project_name").notNull(),
    projectUid: text("project_uid").notNull(),
    status: int("status").notNull(),
    count: int("count").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.projectName, table.projectUid, table.status] }),
    index("session_counts_of_project").on(table.projectUid),
  ],
);

const ofSession = () =>
  text("session_id")
    .notNull()
    .references(() => sessions.id, { onDelete: "cascade" });

export const turns = sqliteTable(
  "turns",
  {
    id: text("id").primaryKey(),
    sessionId: ofSession(),
    runnerId: text("runner_id").notNull(),
    seq: int("seq").notNull(),
    state: int("state").notNull(),
    prompt: bytes("prompt").notNull(),
    stopReason: text("stop_reason").notNull().default(""),
    usage: bytes("usage"),
    error: bytes("error"),
    createdBy: text("created_by").notNull().default(""),
    createdAt: createdNow("created_at"),
    startedAt: int("started_at"),
    endedAt: int("ended_at"),
  },
  (table) => [
    uniqueIndex("turns_by_session").on(table.sessionId, table.seq),
    index("turns_open").on(table.sessionId, table.seq).where(sql`ended_at IS NULL`),
  ],
);

/**
 * `id` is the row's name in the full-text index, stable and rising; everyone else names a message by session and
 * ordinal. Small columns lie before the text, which can fill many pages, so that a filter need not read over it.
 */
export const messages = sqliteTable(
  "messages",
  {
    id: int("id").primaryKey(),
    sessionId: ofSession(),
    ordinal: int64("ordinal").notNull(),
    turnId: text("turn_id"),
    role: text("role").notNull(),
    complete: flag("complete").notNull().default(false),
    createdAt: createdNow("created_at"),
    completedAt: int("completed_at"),
    content: text("content").notNull().default(""),
    parts: bytes("parts").notNull(),
    usage: bytes("usage"),
    metadata: json<Record<string, string>>("metadata").notNull().default({}),
  },
  (table) => [uniqueIndex("messages_by_session").on(table.sessionId, table.ordinal)],
);

/** Append-only pieces of a message in flight; gone once the message is complete. */
export const messageChunks = sqliteTable(
  "message_chunks",
  {
    sessionId: ofSession(),
    ordinal: int64("ordinal").notNull(),
    idx: int("idx").notNull(),
    chunk: bytes("chunk").notNull(),
  },
  (table) => [primaryKey({ columns: [table.sessionId, table.ordinal, table.idx] })],
);

/** Every ApprovalState number. */
export const APPROVAL_STATES = [1, 2, 3, 4, 5] as const;

export const approvals = sqliteTable(
  "approvals",
  {
    id: text("id").primaryKey(),
    sessionId: ofSession(),
    runnerId: text("runner_id").notNull(),
    turnId: text("turn_id"),
    projectName: text("project_name").notNull(),
    state: int("state").notNull(),
    agentRequestId: text("agent_request_id").notNull(),
    request: bytes("request").notNull(),
    resolution: bytes("resolution"),
    createdAt: createdNow("created_at"),
    deadline: int("deadline"),
    resolvedAt: int("resolved_at"),
    resolvedBy: text("resolved_by").notNull().default(""),
  },
  (table) => [
    index("approvals_pending").on(table.createdAt, table.id).where(sql`resolved_at IS NULL`),
    index("approvals_by_agent_request").on(table.runnerId, table.agentRequestId),
    index("approvals_by_session").on(table.sessionId, table.state, table.createdAt, table.id),
    index("approvals_by_runner").on(table.runnerId, table.state, table.createdAt, table.id),
    index("approvals_by_project").on(table.projectName, table.state, table.createdAt, table.id),
    index("approvals_by_state").on(table.state, table.createdAt, table.id),
  ],
);
