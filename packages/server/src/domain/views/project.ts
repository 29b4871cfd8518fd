import { create } from "@bufbuild/protobuf";
import {
  type Project,
  type ProjectConfig,
  ProjectConfigSchema,
  ProjectSchema,
  type ProjectStatistics,
  ProjectStatus,
} from "@stratavore/proto";
import type { ProjectRow } from "../../store/index.js";
import { quotaOf } from "./quota.js";
import { readStored } from "./read-stored.js";
import { timestampOf } from "./time.js";

export const configOf = (row: ProjectRow): ProjectConfig | undefined =>
  row.config === null ? undefined : readStored(ProjectConfigSchema, row.config);

export function projectMessage(
  row: ProjectRow,
  liveRunners: number,
  statistics?: ProjectStatistics,
): Project {
  const active = liveRunners > 0 ? ProjectStatus.ACTIVE : ProjectStatus.IDLE;
  return create(ProjectSchema, {
    name: row.name,
    description: row.description,
    path: row.path,
    status: row.archived ? ProjectStatus.ARCHIVED : active,
    quota: quotaOf(row.quota),
    config: configOf(row),
    statistics,
    createdAt: timestampOf(row.createdAt),
    updatedAt: timestampOf(row.updatedAt),
    metadata: row.metadata,
    uid: row.uid,
    etag: String(row.version),
  });
}
