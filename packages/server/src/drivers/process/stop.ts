import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessHandle, StopReport } from "../driver.js";
import { fileIn } from "./folder.js";
import { endStrayHolder, isLive, signalPid, signalRow } from "./identity.js";
import { StopRecord } from "./stop-record.js";
import type { ProcessTable } from "./table.js";
import type { ProcessTree } from "./tree.js";

/** How long the wrapper may take to come to the agent. */
const START_TIMEOUT_MS = 2000;
/** How long what an ended agent left behind may take after its own SIGTERM. */
const LEFTOVER_GRACE_MS = 1000;
/** How long the kernel may take to end what got SIGKILL. */
const KILL_TIMEOUT_MS = 5000;
/** How long the wrapper may take to write the status once the agent is gone. */
const WRAPPER_TIMEOUT_MS = 2000;

export interface StopTarget {
  readonly table: ProcessTable;
  readonly handle: ProcessHandle;
  readonly tree: ProcessTree;
  /** Aborted once the agent has ended. */
  readonly ended: AbortSignal;
  endInput(): void;
}

/** Ends an agent and all it started. An abort of `hurry` cuts every grace short. */
export async function stopTree(target: StopTarget, graceMs: number, hurry: AbortSignal): Promise<StopReport> {
  const { table, handle, tree, ended } = target;
  const record = new StopRecord(table);
  const deadline = Date.now() + graceMs;
  const isOver = () => ended.aborted || !isLive(table, handle);
  const wasEnded = isOver();
  if (!wasEnded && !hurry.aborted) {
    await within(START_TIMEOUT_MS, hurry, () => existsSync(fileIn(handle.dir, "started")) || isOver());
    record.see(await tree.live({ nonces: true }));
    target.endInput();
    if (!isOver()) signalPid(-handle.pid, "SIGTERM");
    record.sent(handle.pid, "SIGTERM");
    await tree.thaw();
    await within(deadline - Date.now(), hurry, isOver);
  }
  const leftovers = await tree.live({ nonces: true });
  record.see(leftovers);
  if (isOver() && !hurry.aborted && leftovers.length > 0) {
    for (const row of leftovers) if (signalRow(table, row, "SIGTERM")) record.mark(row, "SIGTERM");
    await tree.thaw();
    const grace = wasEnded ? graceMs : deadline - Date.now();
    await within(Math.min(grace, LEFTOVER_GRACE_MS), hurry, () => !record.hasLive());
  }
  await killAll(target, record, isOver);
  const never = new AbortController().signal;
  await within(WRAPPER_TIMEOUT_MS, never, isOver);
  if (!isOver()) {
    signalPid(handle.pid, "SIGKILL");
    await within(WRAPPER_TIMEOUT_MS, never, isOver);
  }
  endStrayHolder(table, handle);
  return record.report(tree.cgroup === null ? "session" : "cgroup");
}

/**
 * SIGKILL for every member until two looks in a row find none. A cgroup that is empty stays so once the agent
 * `isOver`; before that it may be about to join.
 */
export async function killAll(
  { table, tree }: Pick<StopTarget, "table" | "tree">,
  record: StopRecord,
  isOver: () => boolean,
): Promise<void> {
  const deadline = Date.now() + KILL_TIMEOUT_MS;
  for (let clean = 0, pause = 1; clean < 2 && Date.now() < deadline; pause = Math.min(pause * 2, 50)) {
    const cgroup = tree.cgroup;
    if (cgroup?.isEmpty() && isOver()) return;
    const rows = await tree.live({ nonces: true });
    clean = rows.length === 0 && isOver() ? clean + 1 : 0;
    record.see(rows);
    const isAtOnce = cgroup?.kill() ?? false;
    for (const row of rows) {
      if (isAtOnce || signalRow(table, row, "SIGKILL")) record.mark(row, "SIGKILL");
    }
    if (clean === 0) await delay(pause);
  }
}

async function within(ms: number, hurry: AbortSignal, done: () => boolean): Promise<void> {
  const deadline = Date.now() + ms;
  for (let pause = 1; !done() && !hurry.aborted && Date.now() < deadline; pause = Math.min(pause * 2, 25)) {
    await delay(pause);
  }
}
