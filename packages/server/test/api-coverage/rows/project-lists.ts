import { ProjectStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { converse, type Opened, project, runner, session } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

/** 51 projects, in order. */
async function many({ projects, folder }: Opened): Promise<void> {
  const names = Array.from({ length: 51 }, (_, index) => `p${String(index).padStart(2, "0")}`);
  await Promise.all(names.map((name) => projects.createProject({ name, path: folder })));
}

async function named({ projects }: Opened, given: object): Promise<string[]> {
  return (await projects.listProjects(given)).projects.map(({ name }) => name);
}

/** A project that has used tokens. */
async function spent(server: Opened): Promise<void> {
  const { sessionId } = await session(server);
  await converse(server, sessionId, "!usage 10 5");
}

const statistics = expect.objectContaining({ activeRunners: 1, totalRunners: 1, totalTokensUsed: 15n });

export const getProject: readonly Row[] = [
  row({
    rpc: "GetProject",
    field: "name",
    unset: ["refused", "INVALID_ARGUMENT name"],
    set: ["the project of that name", "web"],
    value: { name: "web" },
    prepare: project,
    see: async ({ projects }, given) => (await projects.getProject(given)).project?.name,
  }),
  row({
    rpc: "GetProject",
    field: "include_stats",
    unset: ["no statistics", undefined],
    set: ["its runners, sessions and tokens", statistics],
    value: { includeStats: true },
    prepare: spent,
    see: async ({ projects }, given) =>
      (await projects.getProject({ name: "web", ...given })).project?.statistics,
  }),
];

export const listProjects: readonly Row[] = [
  row({
    rpc: "ListProjects",
    field: "status",
    unset: ["projects in any status", ["away", "idle", "web"]],
    set: ["only those in that status", ["away"]],
    value: { status: ProjectStatus.ARCHIVED },
    async prepare(server) {
      for (const name of ["web", "idle", "away"]) await project(server, name);
      await runner(server, { agent: "exec", args: ["sleep", "600"] });
      await server.projects.updateProject({ name: "away", status: ProjectStatus.ARCHIVED });
    },
    see: named,
  }),
  row({
    rpc: "ListProjects",
    field: "include_stats",
    unset: ["no statistics", [undefined]],
    set: ["the runners, sessions and tokens of each", [statistics]],
    value: { includeStats: true },
    prepare: spent,
    see: async ({ projects }, given) =>
      (await projects.listProjects(given)).projects.map((each) => each.statistics),
  }),
  row({
    rpc: "ListProjects",
    field: "limit",
    unset: ["a page of 50", 50],
    set: ["a page of that size", 3],
    value: { limit: 3 },
    prepare: many,
    see: async (server, given) => (await named(server, given)).length,
  }),
  row({
    rpc: "ListProjects",
    field: "offset",
    unset: ["the first page", ["p00", "p01"]],
    set: ["what comes after so many", ["p49", "p50"]],
    value: { offset: 49 },
    prepare: many,
    see: async (server, given) => (await named(server, { limit: 2, ...given })).slice(0, 2),
  }),
];
