import { expect } from "vitest";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { configRows, type Giving, quotaRows } from "./project-settings.js";

const rpc = "CreateProject";

const create = async ({ projects, folder }: Opened, given: object) => {
  const { totalCount } = await projects.listProjects({});
  return await projects.createProject({ name: `p${totalCount}`, path: folder, ...given });
};

const created = async (server: Opened, given: object) => (await create(server, given)).project!;

const giving: Giving = { rpc, give: create };

export const createProject: readonly Row[] = [
  row({
    rpc,
    field: "name",
    unset: ["refused", "INVALID_ARGUMENT name"],
    set: ["the project has that name", "web"],
    value: { name: "web" },
    see: async ({ projects, folder }, given) =>
      (await projects.createProject({ path: folder, ...given })).project?.name,
  }),
  row({
    rpc,
    field: "description",
    unset: ["it has none", ""],
    set: ["the project shows it", "The shop"],
    value: { description: "The shop" },
    see: async (server, given) => (await created(server, given)).description,
  }),
  row({
    rpc,
    field: "path",
    unset: ["refused", "INVALID_ARGUMENT path"],
    set: ["the project works there", true],
    value: (folder: string) => ({ path: folder }),
    prepare: async ({ folder }) => folder,
    see: async ({ projects, folder }, given) =>
      (await projects.createProject({ name: "web", ...given })).project?.path === folder,
  }),
  row({
    rpc,
    field: "quota",
    unset: ["no limits", undefined],
    set: ["the project shows its limits", expect.objectContaining({ maxConcurrentRunners: 3 })],
    value: { quota: { maxConcurrentRunners: 3 } },
    see: async (server, given) => (await created(server, given)).quota,
  }),
  ...quotaRows(giving),
  row({
    rpc,
    field: "config",
    unset: ["no defaults", undefined],
    set: ["the project shows its defaults", expect.objectContaining({ agent: "demo" })],
    value: { config: { agent: "demo" } },
    see: async (server, given) => (await created(server, given)).config,
  }),
  ...configRows(giving),
  row({
    rpc,
    field: "metadata",
    unset: ["no labels", {}],
    set: ["the project has those labels", { team: "a" }],
    value: { metadata: { team: "a" } },
    see: async (server, given) => (await created(server, given)).metadata,
  }),
];
