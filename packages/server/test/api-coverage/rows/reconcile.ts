import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { createProcessDriver } from "../../../src/drivers/process/index.js";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

/** What the nonces of a server's runners begin with. */
const ownerOf = ({ folder }: Opened): string =>
  createHash("sha256")
    .update(realpathSync(join(folder, "data")))
    .digest("hex")
    .slice(0, 12);

/** Pids that carry the mark of a server's runners. */
export async function carriers(server: Opened): Promise<number[]> {
  const found = await createProcessDriver().carriers();
  return [...found].flatMap(([nonce, pids]) => (nonce.startsWith(`${ownerOf(server)}-`) ? pids : []));
}

/** A process that says it is of a runner of this server, which has none such on record. */
async function orphan(server: Opened): Promise<{ pid: number; isAlive: () => boolean }> {
  const nonce = `${ownerOf(server)}-${randomBytes(8).toString("hex")}`;
  const child = spawn("sleep", ["600"], {
    env: { ...process.env, STRATAVORE_NONCE: nonce },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await expect.poll(async () => (await createProcessDriver().carriers()).has(nonce)).toBe(true);
  return { pid: child.pid!, isAlive: () => child.exitCode === null && child.signalCode === null };
}

export const reconcile: readonly Row[] = [
  row({
    rpc: "Reconcile",
    field: "dry_run",
    unset: ["what is not in order is put in order", ["orphan_killed", "ended"]],
    set: ["it is told, and nothing is done", ["orphan_killed", "alive"]],
    value: { dryRun: true },
    async see(server, given) {
      const { pid, isAlive } = await orphan(server);
      const { actions } = await server.daemon.reconcile(given);
      if (!("dryRun" in given)) await expect.poll(isAlive).toBe(false);
      return [actions.find((action) => action.pid === pid)?.action, isAlive() ? "alive" : "ended"];
    },
  }),
];
