import { QuotaAction } from "@stratavore/proto";
import type { ProjectRow, Reads, RunnerRow, Transaction } from "../store/index.js";
import { DomainError } from "./errors.js";
import { type Breach, breachText, quotaExceeded, subjectOf, warnOfBreach } from "./quota-breach.js";
import { actionFor } from "./quota-policy.js";
import { dayOf } from "./utc-day.js";
import { quotaOf } from "./views/quota.js";

const quota = "max_tokens_per_day";

/** Tokens of a project that count against its daily limit, on the UTC day of `now`. */
export const tokensOn = (reads: Pick<Reads, "usage">, projectUid: string, now: number): bigint =>
  counted(reads.usage.today(projectUid, dayOf(now)));

const tokensOf = (reads: Pick<Reads, "usage">, { id, projectUid }: RunnerRow, now: number): bigint =>
  counted(reads.usage.ofRunner(projectUid, dayOf(now), id));

const counted = (sum: { inputTokens: bigint; outputTokens: bigint; cacheWriteTokens: bigint }): bigint =>
  sum.inputTokens + sum.outputTokens + sum.cacheWriteTokens;

const limitOf = (row: ProjectRow | RunnerRow): bigint => quotaOf(row.quota)?.maxTokensPerDay ?? 0n;

const breachOf = (owner: Breach["owner"], limit: bigint, used: bigint): Breach | undefined =>
  limit === 0n || used < limit ? undefined : { quota, owner, limit: Number(limit), value: Number(used) };

/** The limit of today's tokens that is used up, the project's or the runner's own, whatever the policy makes of it. */
export function tokenBreach(
  reads: Pick<Reads, "usage">,
  project: ProjectRow,
  now: number,
  runner?: RunnerRow,
): Breach | undefined {
  // Most have no limit, and need not be added up.
  const ofProject =
    limitOf(project) > 0n &&
    breachOf({ project: project.name }, limitOf(project), tokensOn(reads, project.uid, now));
  if (ofProject) return ofProject;
  if (runner === undefined || limitOf(runner) === 0n) return undefined;
  return breachOf({ runner: runner.id }, limitOf(runner), tokensOf(reads, runner, now));
}

/** Why no more tokens may be used today; undefined if they may, also when the policy is WARN. */
export function tokensExhausted(
  reads: Pick<Reads, "usage">,
  project: ProjectRow,
  now: number,
  runner?: RunnerRow,
): DomainError | undefined {
  const breach = tokenBreach(reads, project, now, runner);
  if (breach === undefined || actionFor(project, quota) === QuotaAction.WARN) return undefined;
  return exhausted(breach);
}

function exhausted(breach: Breach): DomainError {
  const { owner, limit, value } = breach;
  const [whose, way] =
    "project" in owner
      ? [`project "${owner.project}"`, "wait for UTC midnight or raise the quota"]
      : [`runner ${owner.runner}`, "wait for UTC midnight or use another runner"];
  return new DomainError(
    "resource_exhausted",
    "QUOTA_EXCEEDED",
    `${whose} has used ${value} of its ${quota} of ${limit}; ${way}`,
    {
      details: { ...owner, quota, limit: String(limit), used: String(value) },
      quota: { subject: subjectOf(breach), description: `${quota} is ${limit}, ${value} used` },
    },
  );
}

/** @throws DomainError resource_exhausted when the project, or the runner, has no tokens left today */
export function checkTokenQuota(tx: Transaction, project: ProjectRow, now: number, runner?: RunnerRow): void {
  const error = tokensExhausted(tx, project, now, runner);
  if (error !== undefined) throw error;
}

/** What a caller is told who may go on all the same. */
export function tokenWarnings(reads: Pick<Reads, "usage">, project: ProjectRow, now: number): string[] {
  const breach = tokenBreach(reads, project, now);
  return breach === undefined ? [] : [breachText(breach)];
}

/** Says so when a turn's tokens, which are booked already, were the last ones of a limit: once a day and limit. */
export function tokensUsed(
  tx: Transaction,
  session: { id: string; projectUid: string; projectName: string; runnerId: string },
  tokens: bigint,
  now: number,
): void {
  const project = tx.projects.byUid(session.projectUid);
  if (project === undefined || tokens === 0n) return;
  const runner = tx.runners.byId(session.runnerId);
  const action = actionFor(project, quota);
  const crossed = [
    { owner: { project: project.name }, limit: limitOf(project), used: () => tokensOn(tx, project.uid, now) },
    ...(runner
      ? [{ owner: { runner: runner.id }, limit: limitOf(runner), used: () => tokensOf(tx, runner, now) }]
      : []),
  ];
  for (const { owner, limit, used } of crossed) {
    const breach = limit === 0n ? undefined : breachOf(owner, limit, used());
    if (breach === undefined || breach.value - Number(tokens) >= breach.limit) continue;
    quotaExceeded(tx, { runner, session }, breach, announced(action));
    if (action === QuotaAction.WARN && runner) warnOfBreach(tx, tx.runners.byId(runner.id)!, breach);
  }
}

/** Says so when a new limit finds the day's tokens used up that were not under the old one. */
export function tokenQuotaChanged(
  tx: Transaction,
  before: ProjectRow,
  project: ProjectRow,
  now: number,
): void {
  const breach = tokenBreach(tx, project, now);
  if (breach === undefined || tokenBreach(tx, before, now) !== undefined) return;
  const subject = { project: { name: project.name, uid: project.uid } };
  quotaExceeded(tx, subject, breach, announced(actionFor(project, quota)));
}

/** What comes of it at once; the events of what is done to runners say the rest. */
const announced = (action: QuotaAction) =>
  action === QuotaAction.WARN ? QuotaAction.WARN : QuotaAction.UNSPECIFIED;
