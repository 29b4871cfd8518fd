import type { ProcessHandle, StopReport } from "../driver.js";
import { Cgroup } from "./cgroup.js";
import { killAll } from "./stop.js";
import { StopRecord } from "./stop-record.js";
import type { ProcessTable } from "./table.js";
import { ProcessTree } from "./tree.js";

/** Ends all that is left of a runner of which nothing but the nonce is known, wrapper and holder included. */
export async function sweepNonce(
  table: ProcessTable,
  nonce: string,
  cgroup: string | null,
): Promise<StopReport> {
  const handle: ProcessHandle = {
    version: 1,
    dir: "/nonexistent",
    nonce,
    pid: 0,
    startTime: "",
    bootId: table.bootId(),
    cgroup: null,
    input: false,
  };
  const record = new StopRecord(table);
  const isOver = () => true;
  // The wrapper is in no cgroup, so its session is looked at in any case.
  for (const path of cgroup === null ? [null] : [cgroup, null]) {
    await killAll({ table, tree: new ProcessTree(table, { ...handle, cgroup: path }) }, record, isOver);
  }
  if (cgroup !== null) new Cgroup(cgroup).remove();
  return record.report(cgroup === null ? "session" : "cgroup");
}
