import type { ProjectRow, Transaction } from "../store/index.js";
import { DomainError } from "./errors.js";
import { quotaOf } from "./views/quota.js";

const quota = "max_concurrent_runners";

/** @throws DomainError resource_exhausted when the project has as many live runners as it may; `own` of them do not count */
export function checkRunnerQuota(tx: Transaction, project: ProjectRow, own = 0): void {
  const limit = quotaOf(project.quota)?.maxConcurrentRunners ?? 0;
  if (limit === 0) return;
  const live = tx.runners.countLive(project.uid) - own;
  if (live < limit) return;
  throw new DomainError(
    "resource_exhausted",
    "QUOTA_EXCEEDED",
    `project "${project.name}" has used ${live} of its ${quota} of ${limit}; stop a runner or raise the quota`,
    {
      details: { project: project.name, quota, limit: String(limit), used: String(live) },
      quota: { subject: `project:${project.name}`, description: `${quota} is ${limit}, ${live} used` },
    },
  );
}
