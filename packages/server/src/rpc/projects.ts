import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  CreateProjectRequestSchema,
  CreateProjectResponseSchema,
  DeleteProjectRequestSchema,
  DeleteProjectResponseSchema,
  type ProjectService,
  ProjectStatus,
  UpdateProjectRequestSchema,
  UpdateProjectResponseSchema,
} from "@stratavore/proto";
import { checkApprovalPolicy } from "../domain/approval-policy/check.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { liveIn, projectStatistics } from "../domain/project-statistics.js";
import { configWarnings, updateWarnings } from "../domain/project-warnings.js";
import { createProject, projectByName, updateProject } from "../domain/projects.js";
import { projectMessage } from "../domain/views/project.js";
import type { ProjectRow, Reads } from "../store/index.js";
import { deleteProject } from "../supervise/delete-project.js";
import { checkEnvironmentNames } from "../supervise/environment.js";
import { checkProjectPath } from "../supervise/project-path.js";
import { scopeOf } from "./caller.js";
import { isName, keyOf, limitOf, tokenOf } from "./paging.js";
import { changesOf } from "./project-changes.js";
import type { Services } from "./services.js";

export function projectService(services: Services): ServiceImpl<typeof ProjectService> {
  const { store, supervisor, allowedRoots } = services;
  const isAgent = (name: string) => supervisor.options.agents.byName(name) !== undefined;
  return {
    async createProject(request, context) {
      const repeat = repeatable(scopeOf(context), CreateProjectRequestSchema, request);
      const before = answeredBefore(store.read, repeat, CreateProjectResponseSchema);
      if (before !== undefined) return before;
      checkEnvironmentNames(Object.keys(request.config?.environment ?? {}), "config.environment");
      checkApprovalPolicy(request.config);
      const path = await checkProjectPath(request.path, allowedRoots);
      const warnings = configWarnings(request.config, isAgent);
      const { answer } = await store.transaction((tx) =>
        once(tx, repeat, CreateProjectResponseSchema, () => {
          const row = createProject(tx, { ...request, path });
          const project = projectMessage(row, 0);
          return { answer: create(CreateProjectResponseSchema, { project, warnings }), effect: row };
        }),
      );
      return answer;
    },

    getProject: ({ name, includeStats }) =>
      store.snapshot((read) => ({
        project: describe(read, projectByName(read, name), includeStats),
        asOfEventId: eventId(store.epoch, read.events.head()),
      })),

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

    async updateProject(request, context) {
      const repeat = repeatable(scopeOf(context), UpdateProjectRequestSchema, request);
      const before = answeredBefore(store.read, repeat, UpdateProjectResponseSchema);
      if (before !== undefined) return before;
      const changes = changesOf(request);
      checkEnvironmentNames(Object.keys(changes.config?.environment ?? {}), "config.environment");
      checkApprovalPolicy(changes.config);
      projectByName(store.read, request.name);
      if (changes.path !== undefined) changes.path = await checkProjectPath(changes.path, allowedRoots);
      const { answer } = await store.transaction((tx) =>
        once(tx, repeat, UpdateProjectResponseSchema, () => {
          const { row, fields } = updateProject(tx, request.name, changes, request.etag);
          const project = describe(tx, row, false);
          const warnings = [
            ...configWarnings(changes.config, isAgent),
            ...updateWarnings(tx, row, fields, Date.now()),
          ];
          return { answer: create(UpdateProjectResponseSchema, { project, warnings }), effect: row };
        }),
      );
      return answer;
    },

    async deleteProject(request, context) {
      const repeat = repeatable(scopeOf(context), DeleteProjectRequestSchema, request);
      const before = answeredBefore(store.read, repeat, DeleteProjectResponseSchema);
      return before ?? (await deleteProject(supervisor, request, repeat, context.signal));
    },
  };
}

/** Projects are few: whether they are active follows from their runners and is not stored. */
function activityPage(
  read: Reads,
  active: boolean,
  { size, offset, afterKey }: { size: number; offset: number; afterKey: string | undefined },
) {
  const runners = read.runners.countByProject();
  const matching: ProjectRow[] = [];
  for (let after: string | undefined; ; ) {
    const { rows } = read.projects.list({ archived: false, limit: 1000, afterKey: after });
    matching.push(...rows.filter(({ uid }) => liveIn(runners.get(uid)) > 0 === active));
    if (rows.length < 1000) break;
    after = rows.at(-1)!.name;
  }
  const rest = matching.filter(({ name }) => afterKey === undefined || name > afterKey);
  return { rows: rest.slice(offset, offset + size + 1), total: matching.length };
}

function describe(read: Reads, row: ProjectRow, includeStats: boolean) {
  const statistics = includeStats ? projectStatistics(read, row.uid, Date.now()) : undefined;
  return projectMessage(row, read.runners.countLive(row.uid), statistics);
}
