import { RunnerStatus, StopMethod } from "@stratavore/proto";
import { expect, test } from "vitest";
import { restartRunner } from "../../src/domain/runner-restart.js";
import { runnerById, runnerEnded } from "../../src/domain/runners.js";
import { createProcessDriver } from "../../src/drivers/process/index.js";
import { AgentCatalog } from "../../src/supervise/agent-choice.js";
import { silentLog } from "../../src/supervise/log.js";
import { reconcile } from "../../src/supervise/reconcile/reconcile.js";
import { Supervisor } from "../../src/supervise/supervisor.js";
import { addProject, addRunner, openTemp, tempDir } from "../store/fixtures.js";

const { STARTING, TERMINATED } = RunnerStatus;

test("a runner that ended and was restarted while it was looked at is not failed for what its last process left", async () => {
  const store = await openTemp({ dataDir: null });
  const runnersFolder = tempDir();
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "a", { spec: new Uint8Array() });
    // Nothing can be made of this record, as when the folder is gone under the one who looks.
    tx.processes.insert({ runnerId: "a", dir: `${runnersFolder}/a/1`, nonce: "owner-1", state: "started" });
    tx.processes.update("a", { handle: { pid: 1 } });
  });
  const restart = () =>
    store.transaction((tx) => {
      const ended = runnerEnded(tx, runnerById(tx, "a"), {
        status: TERMINATED,
        reason: "",
        exitCode: 0,
        endedProcesses: [],
        method: StopMethod.SCAN,
        stderrTail: "",
      });
      restartRunner(tx, ended, 0, () => ({ dir: `${runnersFolder}/a/2`, nonce: "owner-2" }));
    });
  const supervisor = new Supervisor({
    store,
    driver: {
      ...createProcessDriver(),
      carriers: async () => new Map(),
      sweep: async () => {
        await restart();
        return { ended: [], left: [], method: "session", forced: true };
      },
    },
    agents: new AgentCatalog([], ""),
    log: silentLog,
    runnersFolder,
    owner: "owner",
    startTimeoutMs: 1_000,
    environment: {},
  });
  const { steps } = await reconcile(supervisor);
  expect(steps).toEqual([]);
  expect(store.read.runners.byId("a")).toMatchObject({ status: STARTING, incarnation: 2, reason: "" });
});
