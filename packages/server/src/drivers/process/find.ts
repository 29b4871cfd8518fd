import { existsSync } from "node:fs";
import type { ProcessHandle } from "../driver.js";
import { fileIn, readLaunchNote } from "./folder.js";
import { isDead, type ProcessTable } from "./table.js";
import { WRAPPER_DIR_INDEX } from "./wrapper.js";

/** The handle of the start that was made in this folder with this nonce; null when none was, or it left no trace. */
export async function findHandle(
  table: ProcessTable,
  dir: string,
  nonce: string,
): Promise<ProcessHandle | null> {
  const note = await readLaunchNote(dir);
  if (note === null || note.nonce !== nonce) return null;
  const known = { version: 1 as const, dir, nonce, cgroup: note.cgroup, input: note.input };
  const rows = note.bootId === table.bootId() ? [...(await table.carriers()).values()] : [];
  const wrapper = rows.find(
    (row) =>
      row.nonce === nonce &&
      row.session === row.pid &&
      !isDead(row) &&
      table.args(row.pid)[WRAPPER_DIR_INDEX] === dir,
  );
  if (wrapper !== undefined) {
    return { ...known, pid: wrapper.pid, startTime: wrapper.startTime, bootId: note.bootId };
  }
  const wasStarted = existsSync(fileIn(dir, "started"));
  return wasStarted ? { ...known, pid: 0, startTime: "", bootId: note.bootId } : null;
}
