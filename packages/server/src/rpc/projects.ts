import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  CreateProjectRequestSchema,
  CreateProjectResponseSchema,
  type ProjectService,
  type ProjectStatistics,
  ProjectStatisticsSchema,
  ProjectStatus,
} from "@stratavore/proto";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { createProject, projectByName } from "../domain/projects.js";
import { tokensOn } from "../domain/quotas.js";
import { projectMessage } from "../domain/views/project.js";
import type { ProjectRow, Reads } from "../store/index.js";
import { checkEnvironmentNames } from "../supervise/environment.js";
import { checkProjectPath } from "../supervise/project-path.js";
import { scopeOf } from "./caller.js";
import { isName, keyOf, limitOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";

type Implemented = "createProject" | "getProject" | "listProjects";

export function projectService({
  store,
  allowedRoots,
}: Services): Pick<ServiceImpl<typeof ProjectService>, Implemented> {
  return {
    async createProject(request, context) {
      const repeat = repeatable(scopeOf(context), CreateProjectRequestSchema, request);
      const before = answeredBefore(store.read, repeat, CreateProjectResponseSchema);
      if (before !== undefined) return before;
      checkEnvironmentNames(Object.keys(request.config?.environment ?? {}), "config.environment");
      const path = await checkProjectPath(request.path, allowedRoots);
      const { answer } = await store.transaction((tx) =>
        once(tx, repeat, CreateProjectResponseSchema, () => {
          const row = createProject(tx, { ...request, path });
          const answer = create(CreateProjectResponseSchema, { project: projectMessage(row, 0) });
          return { answer, effect: row };
        }),
      );
      return answer;
    },

    getProject: ({ name, includeStats }) =>
      store.snapshot((read) => ({ project: describe(read, projectByName(read, name), includeStats) })),

    listProjects: ({ status, includeStats, limit, offset, pageToken }) =>
      store.snapshot((read) => {
        const size = limitOf(limit);
        const archived = status === ProjectStatus.UNSPECIFIED ? undefined : status === ProjectStatus.ARCHIVED;
        const afterKey = keyOf(pageToken, isName);
        const byActivity = status === ProjectStatus.ACTIVE || status === ProjectStatus.IDLE;
        const page = byActivity
          ? activityPage(read, status === ProjectStatus.ACTIVE, { size, offset, afterKey })
          : read.projects.list({ archived, limit: size + 1, offset, afterKey });
        const rows = page.rows.slice(0, size);
        const hasMore = page.rows.length > size;
        return {
          projects: rows.map((row) => describe(read, row, includeStats)),
          totalCount: page.total,
          hasMore,
          nextPageToken: hasMore ? tokenOf(rows.at(-1)!.name) : "",
          asOfEventId: eventId(store.epoch, read.events.head()),
        };
      }),
  };
}

/** Projects are few: whether they are active follows from their runners and is not stored. */
function activityPage(
  read: Reads,
  active: boolean,
  { size, offset, afterKey }: { size: number; offset: number; afterKey: string | undefined },
) {
  const matching: ProjectRow[] = [];
  for (let after: string | undefined; ; ) {
    const { rows } = read.projects.list({ archived: false, limit: 1000, afterKey: after });
    matching.push(...rows.filter(({ uid }) => read.runners.countLive(uid) > 0 === active));
    if (rows.length < 1000) break;
    after = rows.at(-1)!.name;
  }
  const rest = matching.filter(({ name }) => afterKey === undefined || name > afterKey);
  return { rows: rest.slice(offset, offset + size + 1), total: matching.length };
}

function describe(read: Reads, row: ProjectRow, includeStats: boolean) {
  return projectMessage(
    row,
    read.runners.countLive(row.uid),
    includeStats ? statistics(read, row) : undefined,
  );
}

function statistics(read: Reads, { uid }: ProjectRow): ProjectStatistics {
  const total = read.usage.total(uid);
  return create(ProjectStatisticsSchema, {
    activeRunners: read.runners.countLive(uid),
    totalRunners: read.runners.count(uid),
    totalSessions: BigInt(read.sessions.count(uid)),
    totalTokensUsed: total.inputTokens + total.outputTokens + total.cacheWriteTokens,
    tokensUsedToday: tokensOn(read, uid, Date.now()),
  });
}
