import { isDeepStrictEqual } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import {
  EventType,
  type ProjectConfig,
  ProjectConfigSchema,
  ProjectCreatedSchema,
  ProjectDeletedSchema,
  ProjectUpdatedSchema,
  type ResourceQuota,
} from "@stratavore/proto";
import type { ProjectPatch, ProjectRow, Reads, Transaction } from "../store/index.js";
import { DomainError, failedPrecondition, notFound } from "./errors.js";
import { checkEtag } from "./etag.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { tokenQuotaChanged } from "./token-quota.js";
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

const storedConfig = (config: ProjectConfig | undefined): Uint8Array | null =>
  config === undefined ? null : toBinary(ProjectConfigSchema, config);

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
    config: storedConfig(input.config),
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

/** What a project becomes; what is not there stays. */
export interface ProjectChanges {
  description?: string;
  /** Absolute, checked to be a directory. */
  path?: string;
  archived?: boolean;
  /** Undefined takes all limits away. */
  quota?: ResourceQuota | undefined;
  /** Undefined takes all defaults away. */
  config?: ProjectConfig | undefined;
  metadata?: Record<string, string>;
}

/**
 * Changes a project. What is the same as before is no change: without any there is no event, and the etag stays.
 *
 * @returns the project as it is now, and the names of the fields that changed
 * @throws DomainError not_found, aborted for a stale etag
 */
export function updateProject(
  tx: Transaction,
  name: string,
  changes: ProjectChanges,
  etag: string,
): { row: ProjectRow; fields: string[] } {
  const before = projectByName(tx, name);
  checkEtag({ kind: "project", id: name, version: before.version }, etag);
  const patches = Object.entries(patchesOf(changes)).filter(([, patch]) => differs(before, patch));
  if (patches.length === 0) return { row: before, fields: [] };
  const fields = patches.map(([field]) => field);
  const patch = Object.assign({}, ...patches.map(([, each]) => each)) as ProjectPatch;
  const row = tx.projects.update(before.uid, undefined, patch)!;
  const project = { name: row.name, uid: row.uid };
  recordEvent(tx, EventType.PROJECT_UPDATED, { project }, ProjectUpdatedSchema, {
    fields,
    project: projectMessage(row, tx.runners.countLive(row.uid)),
  });
  if (fields.includes("quota")) tokenQuotaChanged(tx, before, row, Date.now());
  return { row, fields };
}

/** What each field that is to change, by its proto name, means for the record. */
function patchesOf(changes: ProjectChanges): Record<string, ProjectPatch> {
  const { description, path, archived, metadata } = changes;
  return {
    ...(description !== undefined && { description: { description } }),
    ...(path !== undefined && { path: { path } }),
    ...(archived !== undefined && { status: { archived } }),
    ...("quota" in changes && { quota: { quota: storedQuota(changes.quota) } }),
    ...("config" in changes && { config: { config: storedConfig(changes.config) } }),
    ...(metadata !== undefined && { metadata: { metadata } }),
  };
}

const differs = (row: ProjectRow, patch: ProjectPatch): boolean =>
  Object.entries(patch).some(([column, value]) => {
    const before = row[column as keyof ProjectRow];
    if (before instanceof Uint8Array && value instanceof Uint8Array)
      return Buffer.compare(before, value) !== 0;
    return !isDeepStrictEqual(before, value);
  });

/** Removes a project none of whose runners is live, with all that belongs to it; what it spent stays on record. */
export function removeProject(tx: Transaction, { uid, name }: ProjectRow): void {
  tx.projects.deleteAll(uid);
  recordEvent(tx, EventType.PROJECT_DELETED, { project: { name, uid } }, ProjectDeletedSchema, { uid });
}

/** @throws DomainError failed_precondition */
export function checkNotArchived({ name, archived }: ProjectRow): void {
  if (!archived) return;
  throw failedPrecondition(
    "PROJECT_ARCHIVED",
    `project "${name}" is archived; set its status to ACTIVE first`,
    { project: name },
  );
}
