import { RunnerStatus } from "@stratavore/proto";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../row.js";
import { sleeper, tidy } from "./agents.js";

/** A live runner. */
async function live(server: Opened): Promise<string> {
  const { runner } = await server.runners.createRunner({ projectName: "web", spec: sleeper });
  return runner!.id;
}

const withProject = (server: Opened) => project(server);

export const stopRunner: readonly Row[] = [
  row({
    rpc: "StopRunner",
    field: "runner_id",
    unset: ["refused", "INVALID_ARGUMENT runner_id"],
    set: ["that runner is stopped, with all it started", RunnerStatus.TERMINATED],
    value: (runnerId: string) => ({ runnerId }),
    async prepare(server) {
      await project(server);
      return await live(server);
    },
    see: async ({ runners }, given) => (await runners.stopRunner(given)).runner?.status,
  }),
  row({
    rpc: "StopRunner",
    field: "force",
    unset: ["its program may put its things away first", [RunnerStatus.TERMINATED, "in order"]],
    set: ["it is killed at once", [RunnerStatus.TERMINATED, "killed"]],
    value: { force: true },
    prepare: withProject,
    async see(server, given) {
      const { runnerId, isDone } = await tidy(server, 0);
      const { runner } = await server.runners.stopRunner({ runnerId, ...given });
      return [runner?.status, isDone() ? "in order" : "killed"];
    },
  }),
  row({
    rpc: "StopRunner",
    field: "timeout_seconds",
    unset: ["its program has 10 s to end by itself", "in order"],
    set: ["it has so many seconds, and is killed then", "killed"],
    value: { timeoutSeconds: 1 },
    prepare: withProject,
    async see(server, given) {
      const { runnerId, isDone } = await tidy(server, 3);
      await server.runners.stopRunner({ runnerId, ...given });
      return isDone() ? "in order" : "killed";
    },
  }),
];

export const deleteRunner: readonly Row[] = [
  row({
    rpc: "DeleteRunner",
    field: "runner_id",
    unset: ["refused", ["INVALID_ARGUMENT runner_id", 1]],
    set: ["that runner is off the record", ["done", 0]],
    value: (runnerId: string) => ({ runnerId }),
    async prepare(server) {
      await project(server);
      const runnerId = await live(server);
      await server.runners.stopRunner({ runnerId, force: true });
      return runnerId;
    },
    see: async ({ runners }, given) => [
      await outcomeOf(runners.deleteRunner(given), () => "done"),
      (await runners.listRunners({})).totalCount,
    ],
  }),
  row({
    rpc: "DeleteRunner",
    field: "force",
    unset: ["refused while it is live", ["FAILED_PRECONDITION RUNNER_LIVE", 1]],
    set: ["it is stopped and off the record", ["done", 0]],
    value: { force: true },
    async prepare(server) {
      await project(server);
      return await live(server);
    },
    see: async ({ runners }, given, runnerId) => [
      await outcomeOf(runners.deleteRunner({ runnerId, ...given }), () => "done"),
      (await runners.listRunners({})).totalCount,
    ],
  }),
];
