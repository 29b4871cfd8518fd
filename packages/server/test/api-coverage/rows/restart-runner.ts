import { RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { demo, sleeper, tidy } from "./agents.js";

const rpc = "RestartRunner";

const prepare = (server: Opened) => project(server);

export const restartRunner: readonly Row[] = [
  row({
    rpc,
    field: "runner_id",
    unset: ["refused", "INVALID_ARGUMENT runner_id"],
    set: ["that runner begins a new incarnation", [RunnerStatus.STARTING, 2]],
    value: (runnerId: string) => ({ runnerId }),
    async prepare(server) {
      await project(server);
      const { runner } = await server.runners.createRunner({ projectName: "web", spec: sleeper });
      await server.runners.waitRunner({ runnerId: runner!.id, statuses: [RunnerStatus.RUNNING] });
      return runner!.id;
    },
    async see({ runners }, given) {
      const { runner } = await runners.restartRunner(given);
      return [runner?.status, runner?.incarnation];
    },
  }),
  row({
    rpc,
    field: "preserve_session",
    unset: ["it has no session then; the one it had can be resumed", ["none", SessionStatus.RESUMABLE]],
    set: ["its session goes on in the new incarnation", ["the same", SessionStatus.IDLE]],
    value: { preserveSession: true },
    prepare,
    async see(server, given) {
      const { runners, sessions } = server;
      const runnerId = await demo(server, "web");
      const { session } = await sessions.createSession({ runnerId });
      const sessionId = session!.id;
      await runners.restartRunner({ runnerId, ...given });
      await runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
      const active = async () => (await runners.getRunner({ runnerId })).runner!.sessionId;
      // The agent is asked for its session once it has answered.
      if ("preserveSession" in given) await expect.poll(active).not.toBe("");
      const { session: now } = await sessions.getSession({ sessionId });
      return [(await active()) === sessionId ? "the same" : (await active()) || "none", now!.status];
    },
  }),
  row({
    rpc,
    field: "timeout_seconds",
    unset: ["its program has 10 s to end by itself", "in order"],
    set: ["it has so many seconds, and is killed then", "killed"],
    value: { timeoutSeconds: 1 },
    prepare,
    async see(server, given) {
      const { runnerId, isDone } = await tidy(server, 3);
      await server.runners.restartRunner({ runnerId, ...given });
      return isDone() ? "in order" : "killed";
    },
  }),
];
