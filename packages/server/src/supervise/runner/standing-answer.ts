import { PermissionMode } from "@stratavore/proto";
import { configOf } from "../../domain/views/project.js";
import { specOf } from "../../domain/views/runner.js";
import type { SessionRow, Transaction } from "../../store/index.js";

interface Option {
  id: string;
  kind: string;
}

/** The answer that the runner's or the project's permission mode gives by itself; none: a person answers. */
export function standingAnswer(
  tx: Transaction,
  session: SessionRow,
  options: readonly Option[],
): Option | undefined {
  const runner = tx.runners.byId(session.runnerId);
  const project = tx.projects.byUid(session.projectUid);
  if (runner === undefined || project === undefined) return undefined;
  const own = specOf(runner).permissionMode;
  const mode =
    own === PermissionMode.UNSPECIFIED
      ? (configOf(project)?.approvalPolicy?.mode ?? PermissionMode.ASK)
      : own;
  if (mode === PermissionMode.ALLOW) return options.find(({ kind }) => kind === "allow_once");
  if (mode === PermissionMode.DENY) return options.find(({ kind }) => kind === "reject_once");
  return undefined;
}
