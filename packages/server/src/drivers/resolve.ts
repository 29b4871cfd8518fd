import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DriverError } from "./driver-error.js";

export interface ResolveOptions {
  /** A PATH value, colon separated; an empty entry means `cwd`. */
  path: string;
  /** Absolute; what relative names and entries are relative to. */
  cwd: string;
}

/**
 * The absolute path of the executable that `name` means, found as a shell would and without running anything.
 * Symbolic links stay as they are, because some programs act by the name they were called by.
 * Rejects with DriverError `not_found` or `not_executable`.
 */
export async function resolveProgram(name: string, options: ResolveOptions): Promise<string> {
  if (name === "" || name.includes("\0")) {
    throw new DriverError("not_found", "A program needs a name without NUL characters.");
  }
  if (name.includes("/")) {
    const path = resolve(options.cwd, name);
    const verdict = await judge(path);
    if (verdict === "executable") return path;
    throw failure(name, verdict === "missing" ? null : path);
  }
  let blocked: string | null = null;
  for (const entry of options.path.split(":")) {
    const path = join(resolve(options.cwd, entry), name);
    const verdict = await judge(path);
    if (verdict === "executable") return path;
    if (verdict === "blocked") blocked ??= path;
  }
  throw failure(name, blocked);
}

function failure(name: string, blocked: string | null): DriverError {
  return blocked === null
    ? new DriverError("not_found", `The program ${JSON.stringify(name)} was not found.`)
    : new DriverError("not_executable", `${JSON.stringify(blocked)} is not an executable file.`);
}

async function judge(path: string): Promise<"executable" | "blocked" | "missing"> {
  try {
    if (!(await stat(path)).isFile()) return "blocked";
  } catch {
    return "missing";
  }
  try {
    await access(path, constants.X_OK);
    return "executable";
  } catch {
    return "blocked";
  }
}
