import type * as schema from "./schema/index.js";

/** Rows as they are read, rows as they are inserted (what has a default may be left out), and what an update may change. */
type Patch<Row, Fixed extends keyof Row> = Partial<Omit<Row, Fixed>>;

export type ProjectRow = typeof schema.projects.$inferSelect;
export type NewProject = typeof schema.projects.$inferInsert;
export type ProjectPatch = Patch<ProjectRow, "uid" | "name" | "version" | "createdAt">;

export type RunnerRow = typeof schema.runners.$inferSelect;
export type NewRunner = typeof schema.runners.$inferInsert;
export type RunnerPatch = Patch<
  RunnerRow,
  "id" | "projectUid" | "projectName" | "version" | "createdAt" | "createdBy"
>;

export type ProcessRow = typeof schema.runnerProcesses.$inferSelect;
export type NewProcess = typeof schema.runnerProcesses.$inferInsert;
export type ProcessPatch = Patch<ProcessRow, "runnerId">;

export type SessionRow = typeof schema.sessions.$inferSelect;
export type NewSession = Omit<typeof schema.sessions.$inferInsert, "nextOrdinal">;
export type SessionPatch = Patch<
  SessionRow,
  "id" | "projectUid" | "projectName" | "nextOrdinal" | "version" | "createdAt"
>;

export type TurnRow = typeof schema.turns.$inferSelect;
/** The store gives `seq`. */
export type NewTurn = Omit<typeof schema.turns.$inferInsert, "seq">;
export type TurnPatch = Patch<TurnRow, "id" | "sessionId" | "seq" | "createdAt">;

/** Without the key of the full-text index, which is the store's own. */
export type MessageRow = Omit<typeof schema.messages.$inferSelect, "id">;
/** The store gives `ordinal`. */
export type NewMessage = Omit<typeof schema.messages.$inferInsert, "id" | "ordinal">;
export type ChunkRow = Pick<typeof schema.messageChunks.$inferSelect, "idx" | "chunk">;

export type ApprovalRow = typeof schema.approvals.$inferSelect;
export type NewApproval = typeof schema.approvals.$inferInsert;
export type ApprovalPatch = Partial<
  Pick<ApprovalRow, "state" | "resolution" | "deadline" | "resolvedAt" | "resolvedBy">
>;

export type EventRow = typeof schema.events.$inferSelect;
/** The store gives `seq`. */
export type NewEvent = Omit<typeof schema.events.$inferInsert, "seq">;

/** What to add; what is left out counts as 0. */
export type UsageAddition = typeof schema.usageDaily.$inferInsert;

export type RequestRow = typeof schema.requests.$inferSelect;
export type NewRequest = typeof schema.requests.$inferInsert;
