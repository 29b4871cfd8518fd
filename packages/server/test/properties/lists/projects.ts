import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { EventType, type Project, ProjectStatus } from "@stratavore/proto";
import fc from "fast-check";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { List } from "./list.js";

interface Filter {
  status?: ProjectStatus;
  includeStats?: boolean;
}

const statuses = [ProjectStatus.ACTIVE, ProjectStatus.IDLE, ProjectStatus.ARCHIVED];

/** Projects in every status, with names in an order of their own. */
export function projectList({ projects, runners, folder }: Opened): List<Project, Filter> {
  const path = join(folder, "anywhere");
  mkdirSync(path);
  return {
    filters: fc.record(
      { status: fc.constantFrom(...statuses), includeStats: fc.boolean() },
      { requiredKeys: [] },
    ),
    async page(filter, request) {
      const { projects: rows, ...rest } = await projects.listProjects({ ...filter, ...request });
      return { rows, ...rest };
    },
    matches: (row, { status }) => status === undefined || row.status === status,
    idOf: ({ uid }) => uid,
    compare: (one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)),
    async insert(n) {
      const name = `${"aZ09z"[n % 5]}${"-._"[n % 3]}${(n * 7919) % 1000}.${n}`;
      await projects.createProject({ name, path });
      if (n % 3 === 0) await runners.createRunner({ projectName: name, external: true });
      if (n % 3 === 1) await projects.updateProject({ name, status: ProjectStatus.ARCHIVED });
    },
    async disturb(n) {
      const { projects: rows } = await projects.listProjects({ limit: 1000 });
      const row = rows[n % rows.length];
      if (row !== undefined && n % 2 === 0) await projects.deleteProject({ name: row.name, force: true });
      else if (row !== undefined) await projects.updateProject({ name: row.name, description: `${n}` });
    },
    added: { filter: {}, type: EventType.PROJECT_CREATED, idOf: ({ projectUid }) => projectUid },
  };
}
