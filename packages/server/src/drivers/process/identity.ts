import type { ProcessHandle } from "../driver.js";
import { readHolderPid } from "./folder.js";
import { isDead, type ProcessRow, type ProcessTable } from "./table.js";

/** Whether the wrapper that the handle names is alive: a reused pid can even have the same start time. */
export function isLive(table: ProcessTable, handle: ProcessHandle): boolean {
  if (handle.pid <= 0 || handle.bootId !== table.bootId()) return false;
  const row = table.row(handle.pid);
  if (row === null || isDead(row) || row.startTime !== handle.startTime) return false;
  return table.nonce(handle.pid) === handle.nonce;
}

/** The holder, as long as it is a child of the wrapper. */
export function liveHolder(table: ProcessTable, handle: ProcessHandle): ProcessRow | null {
  const pid = handle.input ? readHolderPid(handle.dir) : null;
  const row = pid === null ? null : table.row(pid);
  return row?.ppid === handle.pid ? row : null;
}

/** Ends the holder of a wrapper that was killed before it could let it go. */
export function endStrayHolder(table: ProcessTable, handle: ProcessHandle): void {
  const pid = handle.input && !isLive(table, handle) ? readHolderPid(handle.dir) : null;
  if (pid !== null && table.nonce(pid) === handle.nonce) signalPid(pid, "SIGKILL");
}

/** Signals a process if it is still the one that was scanned; false when it is gone. */
export function signalRow(table: ProcessTable, row: ProcessRow, signal: NodeJS.Signals): boolean {
  const now = table.row(row.pid);
  if (now === null || isDead(now) || now.startTime !== row.startTime) return false;
  return signalPid(row.pid, signal);
}

/** Signals a pid, or a group when negative (0 only asks); false when there is nothing to signal. */
export function signalPid(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
