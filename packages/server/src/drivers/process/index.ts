import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Driver } from "../driver.js";
import { DriverError } from "../driver-error.js";
import { LocalProcess } from "./agent-process.js";
import { Cgroup, ownCgroup } from "./cgroup.js";
import { endOf, watchExit } from "./exit-watch.js";
import { findHandle } from "./find.js";
import { isLive } from "./identity.js";
import { launch } from "./launch.js";
import { createProcTable } from "./proc-table.js";
import { sweepNonce } from "./sweep.js";
import { isDead } from "./table.js";

export { isPassableName } from "./launch.js";

export interface ProcessDriverOptions {
  /** `auto`: agents get cgroups below the daemon's own where that is writable. `off`: never. Default `auto`. */
  cgroup?: "auto" | "off";
  /** How much of a journal must be discarded before its blocks are freed. Default 4 MiB. */
  punchBytes?: number;
}

/**
 * The driver that runs agents as processes of this machine, which live on without the daemon. Linux only: elsewhere it
 * throws DriverError `unsupported`.
 */
export function createProcessDriver(options: ProcessDriverOptions = {}): Driver {
  if (process.platform !== "linux") {
    throw new DriverError("unsupported", `Agents cannot be run as processes on ${process.platform} yet.`);
  }
  const punchBytes = options.punchBytes ?? 4 * 1024 * 1024;
  const table = createProcTable();
  const parent = options.cgroup === "off" ? null : ownCgroup();
  const cgroupOf = (nonce: string) => (parent === null ? null : join(parent, `stratavore-${nonce}`));

  return {
    async start(spec) {
      const { child, handle } = await launch(spec, table, () => {
        const path = cgroupOf(spec.nonce);
        return path === null ? null : (Cgroup.create(path)?.path ?? null);
      });
      return new LocalProcess({
        table,
        handle,
        punchBytes,
        awaitExit: (_, onExit) => {
          const settle = () => onExit(endOf(handle));
          if (child.exitCode !== null || child.signalCode !== null) settle();
          else child.once("exit", settle);
          return () => {
            child.off("exit", settle);
            child.unref();
          };
        },
      });
    },

    async adopt(handle) {
      const live = isLive(table, handle);
      const process = new LocalProcess({
        table,
        handle,
        punchBytes,
        awaitExit: (watch, onExit) => {
          if (live) return watchExit({ table, handle, watch, onExit });
          onExit(endOf(handle));
          return () => {};
        },
      });
      return { process, live };
    },

    find: (dir, nonce) => findHandle(table, dir, nonce),

    async carriers() {
      const found = new Map<string, number[]>();
      for (const row of (await table.carriers()).values()) {
        if (row.nonce === null || isDead(row) || row.pid === process.pid) continue;
        const pids = found.get(row.nonce);
        if (pids === undefined) found.set(row.nonce, [row.pid]);
        else pids.push(row.pid);
      }
      return found;
    },

    sweep: async (nonce) => {
      const path = cgroupOf(nonce);
      return await sweepNonce(table, nonce, path !== null && existsSync(path) ? path : null);
    },
  };
}
