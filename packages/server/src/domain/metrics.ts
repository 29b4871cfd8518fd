import { create } from "@bufbuild/protobuf";
import {
  type GlobalMetrics,
  GlobalMetricsSchema,
  type ProjectMetrics,
  ProjectMetricsSchema,
  type ResourceUsage,
} from "@stratavore/proto";
import type { ProjectRow, Reads, RunnerRow } from "../store/index.js";
import { statusName } from "./lifecycle.js";
import { countedIn, projectStatistics, statisticsOfAll } from "./project-statistics.js";
import { projectByName } from "./projects.js";
import { dayOf } from "./utc-day.js";

/** Projects that are read at a time. */
const pageSize = 1000;

/** What is on record over all projects, also those that were deleted; `now`, in milliseconds, tells which UTC day today is. */
export function globalMetrics(read: Reads, now: number): GlobalMetrics {
  const created = read.totals.created();
  return create(GlobalMetricsSchema, {
    runnersCreated: BigInt(created.runners),
    runners: runnersByStatus(read),
    events: read.events.head(),
    turns: BigInt(created.turns),
    tokensUsed: countedIn(read.usage.ofAll()),
    tokensUsedToday: countedIn(read.usage.ofAll(dayOf(now))),
  });
}

/** How many runners there are, by status name in lower case; a status without any may be missing. */
export const runnersByStatus = (read: Reads): Record<string, bigint> =>
  Object.fromEntries(
    [...read.runners.countByStatus()].map(([status, count]) => [
      statusName(status).toLowerCase(),
      BigInt(count),
    ]),
  );

/**
 * Figures by project name, of all projects or of one.
 *
 * @param usageOf what a live runner uses now; undefined if it was not measured yet
 * @throws DomainError not_found
 */
export function projectMetrics(
  read: Reads,
  only: string | undefined,
  usageOf: (runner: RunnerRow) => ResourceUsage | undefined,
  now: number,
): Record<string, ProjectMetrics> {
  const projects = only === undefined ? everyProject(read) : [projectByName(read, only)];
  const statisticsOf =
    only === undefined ? statisticsOfAll(read, now) : (uid: string) => projectStatistics(read, uid, now);
  const live = Map.groupBy(read.runners.live(), ({ projectUid }) => projectUid);
  return Object.fromEntries(
    projects.map(({ name, uid }) => {
      const usages = (live.get(uid) ?? []).flatMap((runner) => usageOf(runner) ?? []);
      const metrics = create(ProjectMetricsSchema, {
        statistics: statisticsOf(uid),
        cpuPercent: usages.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0),
        memoryMb: usages.reduce((sum, { memoryMb }) => sum + memoryMb, 0n),
      });
      return [name, metrics];
    }),
  );
}

function everyProject(read: Reads): ProjectRow[] {
  const all: ProjectRow[] = [];
  for (;;) {
    const { rows } = read.projects.list({ limit: pageSize, afterKey: all.at(-1)?.name });
    all.push(...rows);
    if (rows.length < pageSize) return all;
  }
}
