import { EventType, type QuotaAction, QuotaExceededSchema, RunnerUpdatedSchema } from "@stratavore/proto";
import type { RunnerRow, Transaction } from "../store/index.js";
import { type EventSubject, recordEvent } from "./events.js";
import { actionName, type PolicyLimit } from "./quota-policy.js";
import { runnerMessage } from "./views/runner.js";

/** Warnings that a runner keeps. */
const maxWarnings = 50;

/** A limit that is exceeded, or tokens that are used up. */
export interface Breach {
  quota: PolicyLimit;
  limit: number;
  value: number;
  /** Whose limit it is. */
  owner: { project: string } | { runner: string };
}

const units: Readonly<Record<PolicyLimit, string>> = {
  max_memory_mb: "MiB",
  max_cpu_percent: "%",
  max_tokens_per_day: "tokens",
};

export const subjectOf = ({ owner }: Breach): string =>
  "project" in owner ? `project:${owner.project}` : `runner:${owner.runner}`;

/** A breach in a sentence. */
export const breachText = (breach: Breach): string =>
  `${limitText(breach)} ${isTokens(breach) ? "used up" : "exceeded"}: ${Math.round(breach.value)} ${units[breach.quota]}`;

const isTokens = ({ quota }: Breach) => quota === "max_tokens_per_day";

const limitText = ({ quota, limit, owner }: Breach): string =>
  `quota ${quota} ${limit}${"project" in owner ? ` of project "${owner.project}"` : ""}`;

/** Records what happened, and what is done about it. */
export function quotaExceeded(
  tx: Transaction,
  subject: EventSubject,
  breach: Breach,
  action: QuotaAction,
): void {
  const { quota, limit, value } = breach;
  recordEvent(tx, EventType.QUOTA_EXCEEDED, subject, QuotaExceededSchema, {
    quota,
    limit,
    value,
    action: actionName(action),
    subject: subjectOf(breach),
    message: breachText(breach),
  });
}

/** The runner says so itself; the newest figure of a limit takes the place of the one before. */
export function warnOfBreach(tx: Transaction, runner: RunnerRow, breach: Breach): RunnerRow {
  const others = runner.warnings.filter((warning) => !warning.startsWith(`${limitText(breach)} `));
  if (others.length >= maxWarnings) return runner;
  const warned = tx.runners.update(runner.id, { warnings: [...others, breachText(breach)] })!;
  recordEvent(tx, EventType.RUNNER_UPDATED, { runner: warned }, RunnerUpdatedSchema, {
    fields: ["warnings"],
    runner: runnerMessage(warned),
  });
  return warned;
}
