import type { ProjectRow, Transaction } from "../store/index.js";
import { DomainError } from "./errors.js";
import { quotaOf } from "./views/quota.js";

const quota = "max_concurrent_runners";

/**
 * `held`: as many places were taken when one that is to be taken again was left; a limit that is lower by now does not
 * take it away.
 *
 * @throws DomainError resource_exhausted when the project has as many live runners as it may
 */
export function checkRunnerQuota(tx: Transaction, project: ProjectRow, held = 0): void {
  const limit = quotaOf(project.quota)?.maxConcurrentRunners ?? 0;
  if (limit === 0) return;
  const live = tx.runners.countLive(project.uid);
  if (live < Math.max(limit, held)) return;
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
