import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Project, ProjectStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../row.js";
import { configRows, type Giving, quotaRows } from "./project-settings.js";

const rpc = "UpdateProject";

/** A project with something in every field. */
const before = {
  name: "web",
  description: "before",
  metadata: { team: "before" },
  quota: { maxConcurrentRunners: 9, maxMemoryMb: 4096n },
  config: { agent: "exec", model: "old" },
};

const full = async ({ projects, folder }: Opened): Promise<Project> =>
  (await projects.createProject({ ...before, path: folder })).project!;

const updated = async ({ projects }: Opened, given: object): Promise<Project> =>
  (await projects.updateProject({ name: "web", ...given })).project!;

const giving: Giving = {
  rpc,
  async give(server, given) {
    const { totalCount } = await server.projects.listProjects({});
    const name = await project(server, `p${totalCount}`);
    return await server.projects.updateProject({ name, ...given });
  },
};

export const updateProject: readonly Row[] = [
  row({
    rpc,
    field: "name",
    unset: ["refused", "INVALID_ARGUMENT name"],
    set: ["the project of that name is changed", ["web", "after"]],
    value: { name: "web" },
    prepare: full,
    async see({ projects }, given) {
      const { project } = await projects.updateProject({ description: "after", ...given });
      return [project?.name, project?.description];
    },
  }),
  row({
    rpc,
    field: "description",
    unset: ["it stays", "before"],
    set: ["it is replaced", "after"],
    value: { description: "after" },
    prepare: full,
    see: async (server, given) => (await updated(server, given)).description,
  }),
  row({
    rpc,
    field: "path",
    unset: ["it stays", "the folder"],
    set: ["it is replaced", "another"],
    value: (another: string) => ({ path: another }),
    async prepare(server) {
      await full(server);
      const another = join(server.folder, "another");
      mkdirSync(another);
      return another;
    },
    see: async (server, given) =>
      (await updated(server, given)).path === server.folder ? "the folder" : "another",
  }),
  row({
    rpc,
    field: "status",
    unset: ["it stays as its runners make it", [ProjectStatus.IDLE, "made"]],
    set: [
      "it is put away, and takes no new runners",
      [ProjectStatus.ARCHIVED, "FAILED_PRECONDITION PROJECT_ARCHIVED"],
    ],
    value: { status: ProjectStatus.ARCHIVED },
    prepare: full,
    async see(server, given) {
      const { status } = await updated(server, given);
      const spec = { agent: "exec", args: ["true"] };
      return [
        status,
        await outcomeOf(server.runners.createRunner({ projectName: "web", spec }), ({ runner }) =>
          server.runners.waitRunner({ runnerId: runner!.id }).then(() => "made"),
        ),
      ];
    },
  }),
  row({
    rpc,
    field: "quota",
    unset: ["its limits stay", expect.objectContaining({ maxConcurrentRunners: 9, maxMemoryMb: 4096n })],
    set: [
      "they are replaced as a whole",
      expect.objectContaining({ maxConcurrentRunners: 3, maxMemoryMb: 0n }),
    ],
    value: { quota: { maxConcurrentRunners: 3 } },
    prepare: full,
    see: async (server, given) => (await updated(server, given)).quota,
  }),
  ...quotaRows(giving),
  row({
    rpc,
    field: "config",
    unset: ["its defaults stay", expect.objectContaining({ agent: "exec", model: "old" })],
    set: ["they are replaced as a whole", expect.objectContaining({ agent: "demo", model: "" })],
    value: { config: { agent: "demo" } },
    prepare: full,
    see: async (server, given) => (await updated(server, given)).config,
  }),
  ...configRows(giving),
  row({
    rpc,
    field: "metadata",
    unset: ["its labels stay", { team: "before" }],
    set: ["they are replaced as a whole", { kind: "after" }],
    value: { metadata: { kind: "after" } },
    prepare: full,
    see: async (server, given) => (await updated(server, given)).metadata,
  }),
  row({
    rpc,
    field: "update_mask",
    unset: ["all that is not at its default is changed", ["after", { team: "before" }]],
    set: ["what it names is changed, also to nothing, and no more", ["before", {}]],
    value: { updateMask: { paths: ["metadata"] } },
    async prepare(server) {
      await full(server);
    },
    async see(server, given) {
      await updated(server, { description: "before" });
      const { description, metadata } = await updated(server, { description: "after", ...given });
      return [description, metadata];
    },
  }),
  row({
    rpc,
    field: "etag",
    unset: ["it is changed, whatever it has become", "after"],
    set: ["a change that is based on an older state is refused", "ABORTED ETAG_STALE"],
    value: (etag: string) => ({ etag }),
    async prepare(server) {
      const { etag } = await full(server);
      await updated(server, { metadata: { changed: "meanwhile" } });
      return etag;
    },
    see: async (server, given) => (await updated(server, { description: "after", ...given })).description,
  }),
];
