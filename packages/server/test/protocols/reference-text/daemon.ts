import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { expect, onTestFinished } from "vitest";
import { version } from "../../../src/index.js";
import { type Drive, type Reader, refused } from "./reader.js";

export const daemon: Record<string, Drive> = {
  async GetStatus(reader) {
    await reader.project("web");
    await reader.project("docs");
    await reader.running();
    const get = (request: object) => reader.daemon.unary("GetStatus", request);
    const before = Date.now() / 1000;
    const short = await get({});
    expect(short).toMatchObject({
      daemon_status: { healthy: true, active_runners: 1, total_projects: 2, version },
      components: {},
      system_metrics: null,
    });
    expect(Object.keys(short.components)).toEqual([]);
    // The time of the start, whatever the field is called.
    const started = Number(short.daemon_status.uptime.seconds);
    expect(before - started).toBeGreaterThanOrEqual(0);
    expect(before - started).toBeLessThan(300);
    const detailed = await get({ include_detailed: true });
    expect(Object.keys(detailed.components).sort()).toEqual(
      ["api", "daemon", "database", "events", "supervisor"].sort(),
    );
    expect(detailed.system_metrics).toEqual({});
    expect(Object.keys((await get({ component: "COMPONENT_TYPE_DATABASE" })).components)).toEqual([
      "database",
    ]);
  },

  async GetMetrics(reader) {
    await reader.conversation();
    await reader.project("docs");
    expect(await reader.daemon.unary("GetMetrics", { project_name: "web" })).toEqual({});
    expect(await refused(reader.daemon.unary("GetMetrics", { project_name: "none" }))).toBe("NOT_FOUND");
    const get = async (request: object) =>
      Object.keys((await reader.completed("DaemonService").unary("GetMetrics", request)).projects).sort();
    expect(await get({})).toEqual(["docs", "web"]);
    expect(await get({ project_name: "web" })).toEqual(["web"]);
  },

  async HealthCheck(reader) {
    expect(await reader.daemon.unary("HealthCheck", {})).toEqual({});
    const unknown = reader.daemon.unary("HealthCheck", { component: 99 });
    expect(await refused(unknown)).toBe("INVALID_ARGUMENT");
    const check = (request: object) => reader.completed("DaemonService").unary("HealthCheck", request);
    const { healthy, components } = await check({});
    expect([healthy, Object.keys(components)]).toEqual([true, expect.arrayContaining(["database", "api"])]);
    expect(Object.keys((await check({ component: "COMPONENT_TYPE_EVENTS" })).components)).toEqual(["events"]);
  },

  async Reconcile(reader) {
    await reader.project();
    const id = await reader.running();
    const orphan = strayProcess(reader);
    const reconcile = (request: object) => reader.completed("DaemonService").unary("Reconcile", request);
    // What no runner claims is ended, which a dry run only says.
    await expect.poll(async () => (await reconcile({ dry_run: true })).actions).toHaveLength(1);
    expect(await reader.daemon.unary("Reconcile", { dry_run: true })).toEqual({});
    expect(orphan.signalCode).toBeNull();
    expect(await reader.daemon.unary("Reconcile", {})).toEqual({});
    if (orphan.signalCode === null) await once(orphan, "exit");
    expect(await reconcile({})).toMatchObject({ reconciled_count: 0, failed_runner_ids: [], actions: [] });
    expect((await reader.runner(id)).status).toBe("RUNNER_STATUS_RUNNING");
  },
};

/** A process with the mark of this data directory, of a runner that is not on record. */
function strayProcess({ opened }: Reader) {
  const owner = createHash("sha256").update(realpathSync(opened.server.dataDir!)).digest("hex").slice(0, 12);
  const stray = spawn("sleep", ["600"], {
    env: { PATH: process.env.PATH, STRATAVORE_NONCE: `${owner}-${"0".repeat(32)}` },
    detached: true,
    stdio: "ignore",
  });
  onTestFinished(() => void stray.kill("SIGKILL"));
  return stray;
}
