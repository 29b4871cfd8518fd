import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Supervisor } from "../supervisor.js";
import type { ReconcileStep } from "./reconcile.js";

/** Ends processes that carry a nonce of this data directory that no runner claims. */
export async function killOrphans({ options }: Supervisor): Promise<ReconcileStep[]> {
  const { driver, owner, store } = options;
  const carriers = await driver.carriers();
  // Read after the processes: a nonce is on record before anything carries it.
  const claimed = new Set(store.read.processes.all().map(({ nonce }) => nonce));
  const steps: ReconcileStep[] = [];
  for (const [nonce, pids] of carriers) {
    if (!nonce.startsWith(`${owner}-`) || claimed.has(nonce)) continue;
    await driver.sweep(nonce);
    steps.push({
      runnerId: "",
      action: "orphan_killed",
      reason: "it carries the mark of a runner that is not on record",
      pid: pids[0] ?? 0,
    });
  }
  return steps;
}

/** Removes the folders of runners that have no process any more, which a daemon that died left behind. */
export async function removeFolders({ options }: Supervisor): Promise<void> {
  const { runnersFolder, store, log } = options;
  const names = await readdir(runnersFolder).catch(() => []);
  for (const name of names) {
    if (store.read.processes.get(name) !== undefined) continue;
    await rm(join(runnersFolder, name), { recursive: true, force: true }).catch((error) => {
      log.warn({ runner: name, error }, "a runner's folder could not be removed");
    });
  }
}
