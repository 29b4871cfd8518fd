import { project, runner } from "../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../row.js";
import { sleeper } from "./agents.js";

const rpc = "DeleteProject";

export const deleteProject: readonly Row[] = [
  row({
    rpc,
    field: "name",
    unset: ["refused", ["INVALID_ARGUMENT name", 1]],
    set: ["the project of that name is gone", ["done", 0]],
    value: { name: "web" },
    prepare: project,
    see: async ({ projects }, given) => [
      await outcomeOf(projects.deleteProject(given), () => "done"),
      (await projects.listProjects({})).totalCount,
    ],
  }),
  row({
    rpc,
    field: "force",
    unset: ["refused while it has live runners", ["FAILED_PRECONDITION PROJECT_IN_USE", 1]],
    set: ["they are stopped, and it is gone with them", ["done", 0]],
    value: { force: true },
    async prepare(server) {
      await project(server);
      await runner(server, sleeper);
    },
    see: async ({ projects, runners }, given) => [
      await outcomeOf(projects.deleteProject({ name: "web", ...given }), () => "done"),
      (await runners.listRunners({})).totalCount,
    ],
  }),
];
