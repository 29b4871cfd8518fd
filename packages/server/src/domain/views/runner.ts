import { create } from "@bufbuild/protobuf";
import {
  type ResourceUsage,
  type Runner,
  RunnerSchema,
  type RunnerSpec,
  RunnerSpecSchema,
} from "@stratavore/proto";
import type { RunnerRow } from "../../store/index.js";
import { quotaOf } from "./quota.js";
import { readStored } from "./read-stored.js";
import { timestampOf } from "./time.js";
import { usageOf } from "./usage.js";

/** What is known of a runner's process beside its record. */
export interface RunnerFacts {
  pid?: number;
  resourceUsage?: ResourceUsage;
  /** When its process was last seen, where that is newer than the record. */
  lastSeen?: number;
}

export const specOf = (row: RunnerRow): RunnerSpec => readStored(RunnerSpecSchema, row.spec);

export function runnerMessage(row: RunnerRow, facts: RunnerFacts = {}): Runner {
  const lastHeartbeat = Math.max(row.lastHeartbeat ?? 0, facts.lastSeen ?? 0);
  return create(RunnerSchema, {
    id: row.id,
    projectName: row.projectName,
    status: row.status,
    model: row.model,
    temperature: row.temperature,
    maxTokens: row.maxTokens,
    runtimeId: row.runtimeId,
    createdAt: timestampOf(row.createdAt),
    updatedAt: timestampOf(row.updatedAt),
    lastHeartbeat: timestampOf(lastHeartbeat === 0 ? null : lastHeartbeat),
    metadata: row.metadata,
    resourceUsage: facts.resourceUsage,
    spec: specOf(row),
    activity: row.activity,
    sessionId: row.sessionId ?? "",
    incarnation: row.incarnation,
    reason: row.reason,
    exitCode: row.exitCode ?? undefined,
    startedAt: timestampOf(row.startedAt),
    endedAt: timestampOf(row.endedAt),
    etag: String(row.version),
    createdBy: row.createdBy,
    usage: usageOf(row.usage),
    effectiveModel: row.effectiveModel,
    agent: row.agent,
    external: row.external,
    projectUid: row.projectUid,
    pid: facts.pid ?? 0,
    quota: quotaOf(row.quota),
    warnings: row.warnings,
  });
}
