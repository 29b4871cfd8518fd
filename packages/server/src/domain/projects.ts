import { toBinary } from "@bufbuild/protobuf";
import {
  EventType,
  type ProjectConfig,
  ProjectConfigSchema,
  ProjectCreatedSchema,
  type ResourceQuota,
} from "@stratavore/proto";
import type { ProjectRow, Reads, Transaction } from "../store/index.js";
import { DomainError, notFound } from "./errors.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { projectMessage } from "./views/project.js";
import { storedQuota } from "./views/quota.js";

export interface NewProjectInput {
  name: string;
  description: string;
  /** Absolute, checked to be a directory. */
  path: string;
  quota?: ResourceQuota | undefined;
  config?: ProjectConfig | undefined;
  metadata: Record<string, string>;
}

/** @throws DomainError already_exists */
export function createProject(tx: Transaction, input: NewProjectInput): ProjectRow {
  if (tx.projects.byName(input.name) !== undefined) {
    throw new DomainError(
      "already_exists",
      "PROJECT_EXISTS",
      `there is a project "${input.name}" already; choose another name, or use that one`,
      { details: { project: input.name } },
    );
  }
  const row = tx.projects.insert({
    uid: newId("project"),
    name: input.name,
    description: input.description,
    path: input.path,
    quota: storedQuota(input.quota),
    config: input.config === undefined ? null : toBinary(ProjectConfigSchema, input.config),
    metadata: input.metadata,
  });
  const project = { name: row.name, uid: row.uid };
  recordEvent(tx, EventType.PROJECT_CREATED, { project }, ProjectCreatedSchema, {
    project: projectMessage(row, 0),
  });
  return row;
}

/** @throws DomainError not_found */
export function projectByName(reads: Pick<Reads, "projects">, name: string): ProjectRow {
  const row = reads.projects.byName(name);
  if (row === undefined) throw notFound("project", name);
  return row;
}
