import { create } from "@bufbuild/protobuf";
import { type Session, SessionSchema, type Turn, TurnSchema } from "@stratavore/proto";
import type { SessionRow, TurnRow } from "../../store/index.js";
import { timestampOf } from "./time.js";
import { usageOf } from "./usage.js";

export function turnMessage(row: TurnRow): Turn {
  return create(TurnSchema, {
    id: row.id,
    state: row.state,
    stopReason: row.stopReason,
    usage: usageOf(row.usage),
    error: row.error === null ? "" : Buffer.from(row.error).toString(),
    sessionId: row.sessionId,
    runnerId: row.runnerId,
    createdAt: timestampOf(row.createdAt),
    startedAt: timestampOf(row.startedAt),
    endedAt: timestampOf(row.endedAt),
    createdBy: row.createdBy,
  });
}

export function sessionMessage(row: SessionRow, latestTurn?: TurnRow): Session {
  return create(SessionSchema, {
    id: row.id,
    runnerId: row.runnerId,
    projectName: row.projectName,
    status: row.status,
    tokenCount: row.tokenCount,
    createdAt: timestampOf(row.createdAt),
    updatedAt: timestampOf(row.updatedAt),
    lastActivity: timestampOf(row.lastActivity),
    model: row.model,
    metadata: row.metadata,
    agent: row.agent,
    title: row.title,
    usage: usageOf(row.usage),
    endedAt: timestampOf(row.endedAt),
    resumedFrom: row.resumedFrom ?? "",
    messageCount: row.nextOrdinal - 1n,
    latestTurn: latestTurn && turnMessage(latestTurn),
    reason: row.reason,
    etag: String(row.version),
    agentSessionId: row.agentSessionId ?? "",
  });
}
