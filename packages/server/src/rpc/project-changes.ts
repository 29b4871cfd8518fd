import { ProjectStatus, type UpdateProjectRequest } from "@stratavore/proto";
import { invalidField } from "../domain/errors.js";
import { fieldsToChange } from "../domain/field-mask.js";
import type { ProjectChanges } from "../domain/projects.js";

/**
 * What an update asks for. Its path is as the caller wrote it.
 *
 * @throws DomainError invalid_argument for an unknown path of the mask, and for a field that it names and that cannot be empty
 */
export function changesOf(request: UpdateProjectRequest): ProjectChanges {
  const { description, path, status, quota, config, metadata, updateMask } = request;
  const fields = fieldsToChange(updateMask, {
    description: description !== "",
    path: path !== "",
    status: status !== ProjectStatus.UNSPECIFIED,
    quota: quota !== undefined,
    config: config !== undefined,
    metadata: Object.keys(metadata).length > 0,
  });
  if (fields.has("path") && path === "")
    throw invalidField("path", "a project needs one; give an absolute path");
  if (fields.has("status") && status === ProjectStatus.UNSPECIFIED) {
    throw invalidField("status", "give ARCHIVED to put the project away, ACTIVE or IDLE to take it back");
  }
  return {
    ...(fields.has("description") && { description }),
    ...(fields.has("path") && { path }),
    ...(fields.has("status") && { archived: status === ProjectStatus.ARCHIVED }),
    ...(fields.has("quota") && { quota }),
    ...(fields.has("config") && { config }),
    ...(fields.has("metadata") && { metadata }),
  };
}
