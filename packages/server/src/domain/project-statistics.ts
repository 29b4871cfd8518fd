import { create } from "@bufbuild/protobuf";
import { type ProjectStatistics, ProjectStatisticsSchema } from "@stratavore/proto";
import type { Reads, UsageSum } from "../store/index.js";
import { isLive } from "./lifecycle.js";
import { dayOf } from "./utc-day.js";

/** The tokens of a sum that count against limits: input, output and cache writes. */
export const countedIn = (sum: UsageSum | undefined): bigint =>
  sum === undefined ? 0n : sum.inputTokens + sum.outputTokens + sum.cacheWriteTokens;

/** Figures of one project; `now`, in milliseconds, tells which UTC day today is. */
export function projectStatistics(reads: Reads, uid: string, now: number): ProjectStatistics {
  return assemble({
    runners: reads.runners.countByStatus(uid),
    sessions: reads.sessions.count(uid),
    total: reads.usage.total(uid),
    today: reads.usage.today(uid, dayOf(now)),
  });
}

/** The same for any number of projects, with as many reads as for one. */
export function statisticsOfAll(reads: Reads, now: number): (uid: string) => ProjectStatistics {
  const runners = reads.runners.countByProject();
  const sessions = reads.sessions.countByProject();
  const total = reads.usage.byProject();
  const today = reads.usage.byProject(dayOf(now));
  return (uid) =>
    assemble({
      runners: runners.get(uid) ?? new Map(),
      sessions: sum(sessions.get(uid)?.values() ?? []),
      total: total.get(uid),
      today: today.get(uid),
    });
}

interface Figures {
  /** By status. */
  runners: ReadonlyMap<number, number>;
  sessions: number;
  total: UsageSum | undefined;
  today: UsageSum | undefined;
}

const assemble = ({ runners, sessions, total, today }: Figures): ProjectStatistics =>
  create(ProjectStatisticsSchema, {
    activeRunners: liveIn(runners),
    totalRunners: sum(runners.values()),
    totalSessions: BigInt(sessions),
    totalTokensUsed: countedIn(total),
    tokensUsedToday: countedIn(today),
  });

/** How many of the runners counted by status are live. */
export const liveIn = (runners: ReadonlyMap<number, number> | undefined): number =>
  sum([...(runners ?? [])].map(([status, count]) => (isLive(status) ? count : 0)));

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
