import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessExit } from "../driver.js";
import { DriverError, errnoOf } from "../driver-error.js";

/** The files of a runner's folder. */
export type FolderFile =
  | "launch.json"
  | "input"
  | "hold"
  | "holder"
  | "stdout"
  | "stderr"
  | "started"
  | "status"
  | "uncontained";

/** Written before the start, so that a start which nobody recorded can be found. */
export interface LaunchNote {
  version: 1;
  nonce: string;
  bootId: string;
  cgroup: string | null;
  input: boolean;
}

export function fileIn(dir: string, name: FolderFile): string {
  return join(dir, name);
}

/**
 * Makes the folder and its journals; throws DriverError `folder_in_use` when a start was made there before.
 * Synchronous: five trips through the thread pool take longer than the calls themselves.
 */
export function prepareFolder(dir: string, note: LaunchNote): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  const once = { flag: "wx", mode: 0o600 };
  try {
    writeFileSync(fileIn(dir, "launch.json"), `${JSON.stringify(note)}\n`, once);
    writeFileSync(fileIn(dir, "stdout"), "", once);
    writeFileSync(fileIn(dir, "stderr"), "", once);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    throw new DriverError("folder_in_use", `${dir} holds an earlier start.`, { cause: error });
  }
}

export async function readLaunchNote(dir: string): Promise<LaunchNote | null> {
  try {
    const note = JSON.parse(await readFile(fileIn(dir, "launch.json"), "utf8")) as LaunchNote;
    return note.version === 1 ? note : null;
  } catch {
    return null;
  }
}

/** The exit status that the wrapper left; null while there is none, or what is there is not whole. */
export function readStatus(dir: string): ProcessExit | null {
  try {
    const path = fileIn(dir, "status");
    const text = readFileSync(path, "latin1");
    return /^\d{1,3}\n$/.test(text)
      ? { status: Number.parseInt(text, 10), at: Math.round(statSync(path).mtimeMs) }
      : null;
  } catch {
    return null;
  }
}

/** The pid that the wrapper noted for the holder, to be checked against its parent; null when there is none. */
export function readHolderPid(dir: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(fileIn(dir, "holder"), "latin1"), 10);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
