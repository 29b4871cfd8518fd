import type { ProjectRow, Reads, Transaction } from "../store/index.js";
import { DomainError } from "./errors.js";
import { quotaOf } from "./views/quota.js";

/** The UTC day that a time is in, as usage is stored by. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const exceeded = (
  project: ProjectRow,
  quota: string,
  limit: number | bigint,
  used: number | bigint,
  way: string,
) =>
  new DomainError(
    "resource_exhausted",
    "QUOTA_EXCEEDED",
    `project "${project.name}" has used ${used} of its ${quota} of ${limit}; ${way}`,
    {
      details: { project: project.name, quota, limit: String(limit), used: String(used) },
      quota: { subject: `project:${project.name}`, description: `${quota} is ${limit}, ${used} used` },
    },
  );

/** @throws DomainError resource_exhausted when the project has as many live runners as it may; `own` of them do not count */
export function checkRunnerQuota(tx: Transaction, project: ProjectRow, own = 0): void {
  const limit = quotaOf(project.quota)?.maxConcurrentRunners ?? 0;
  if (limit === 0) return;
  const live = tx.runners.countLive(project.uid) - own;
  if (live >= limit) {
    throw exceeded(project, "max_concurrent_runners", limit, live, "stop a runner or raise the quota");
  }
}

/** Why the project may use no more tokens today; undefined if it may. */
export function tokensExhausted(
  reads: Pick<Reads, "usage">,
  project: ProjectRow,
  now: number,
): DomainError | undefined {
  const limit = quotaOf(project.quota)?.maxTokensPerDay ?? 0n;
  if (limit === 0n) return undefined;
  const used = tokensOn(reads, project.uid, now);
  if (used < limit) return undefined;
  return exceeded(project, "max_tokens_per_day", limit, used, "wait for UTC midnight or raise the quota");
}

/** @throws DomainError resource_exhausted when the project has no tokens left today */
export function checkTokenQuota(tx: Transaction, project: ProjectRow, now: number): void {
  const error = tokensExhausted(tx, project, now);
  if (error !== undefined) throw error;
}

/** Tokens of a project that count against its daily limit, on the UTC day of `now`. */
export function tokensOn(reads: Pick<Reads, "usage">, projectUid: string, now: number): bigint {
  const { inputTokens, outputTokens, cacheWriteTokens } = reads.usage.today(projectUid, dayOf(now));
  return inputTokens + outputTokens + cacheWriteTokens;
}
