import { readdir } from "node:fs/promises";
import type { Supervisor } from "../supervisor.js";
import type { ReconcileStep } from "./reconcile.js";

/** Ends processes that carry a nonce of this data directory that no runner claims; with `dryRun` only names them. */
export async function endOrphans({ options }: Supervisor, dryRun: boolean): Promise<ReconcileStep[]> {
  const { driver, owner, store } = options;
  const carriers = await driver.carriers();
  // Read after the processes: a nonce is on record before anything carries it.
  const claimed = new Set(store.read.processes.all().map(({ nonce }) => nonce));
  const steps: ReconcileStep[] = [];
  for (const [nonce, pids] of carriers) {
    if (!nonce.startsWith(`${owner}-`) || claimed.has(nonce)) continue;
    // What was ending when it was seen needs nobody to end it.
    if (!dryRun && (await driver.sweep(nonce)).ended.length === 0) continue;
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
export async function removeFolders(supervisor: Supervisor): Promise<void> {
  const { runnersFolder, store } = supervisor.options;
  const names = await readdir(runnersFolder).catch(() => []);
  for (const name of names) {
    if (store.read.processes.get(name) !== undefined || supervisor.isInHand(name)) continue;
    await supervisor.removeFolder(name);
  }
}
