import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { LaunchSpec, ProcessHandle } from "../driver.js";
import { DriverError, errnoOf } from "../driver-error.js";
import { resolveProgram } from "../resolve.js";
import { prepareFolder } from "./folder.js";
import { isLive } from "./identity.js";
import { NONCE_VARIABLE, type ProcessTable } from "./table.js";
import { wrapperArgs } from "./wrapper.js";

const SHELL = "/bin/sh";

/** Starts the wrapper in a session of its own. Rejects with what `Driver.start` names. */
export async function launch(
  spec: LaunchSpec,
  table: ProcessTable,
  makeCgroup: () => string | null,
): Promise<{ child: ChildProcess; handle: ProcessHandle }> {
  await check(spec);
  const cgroup = makeCgroup();
  const known = {
    version: 1 as const,
    nonce: spec.nonce,
    bootId: table.bootId(),
    cgroup,
    input: spec.input,
  };
  try {
    prepareFolder(spec.dir, known);
  } catch (cause) {
    if (cause instanceof DriverError) throw cause;
    throw new DriverError(
      "spawn_failed",
      `${spec.dir} cannot be prepared (${errnoOf(cause) ?? "unknown"}).`,
      {
        cause,
      },
    );
  }
  const child = await spawnWrapper(spec, cgroup);
  const pid = child.pid!;
  // Not reaped before the loop's next turn, so the row is there even if the wrapper has ended.
  const row = table.row(pid);
  if (row === null)
    throw new DriverError("spawn_failed", "The system does not let us see our own processes.");
  const handle = { ...known, dir: spec.dir, pid, startTime: row.startTime };
  await untilRecognizable(child, table, handle);
  return { child, handle };
}

/** `spawn` returns while the kernel still lays out the environment, and what has no nonce yet counts as foreign. */
async function untilRecognizable(
  child: ChildProcess,
  table: ProcessTable,
  handle: ProcessHandle,
): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && !isLive(table, handle)) await setImmediate();
}

function spawnWrapper(spec: LaunchSpec, cgroup: string | null): Promise<ChildProcess> {
  const fail = (cause: unknown) =>
    new DriverError(
      "spawn_failed",
      `The system refused to start a process (${errnoOf(cause) ?? "unknown"}).`,
      {
        cause,
      },
    );
  let child: ChildProcess;
  try {
    child = spawn(SHELL, wrapperArgs(spec, cgroup), {
      cwd: "/",
      env: { ...spec.env, [NONCE_VARIABLE]: spec.nonce },
      detached: true,
      stdio: "ignore",
    });
  } catch (error) {
    return Promise.reject(fail(error));
  }
  if (child.pid !== undefined) return Promise.resolve(child);
  return new Promise((_, reject) => child.once("error", (error) => reject(fail(error))));
}

async function check(spec: LaunchSpec): Promise<void> {
  const bad = (message: string) => new DriverError("bad_spec", message);
  for (const path of [spec.dir, spec.cwd, spec.program]) {
    if (!isAbsolute(path)) throw bad(`${JSON.stringify(path)} is not an absolute path.`);
  }
  if (!/^[A-Za-z0-9_-]{8,128}$/.test(spec.nonce)) throw bad("The nonce is malformed.");
  for (const text of [spec.dir, spec.cwd, spec.program, ...spec.args, ...Object.values(spec.env)]) {
    if (text.includes("\0")) throw bad("A path, argument or environment value holds a NUL.");
  }
  const name = Object.keys(spec.env).find((key) => !isPassableName(key));
  if (name !== undefined)
    throw bad(`The environment name ${JSON.stringify(name)} is not a shell identifier.`);
  await Promise.all([resolveProgram(spec.program, { path: "", cwd: "/" }), checkFolder(spec.cwd)]);
}

async function checkFolder(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new Error("not a folder");
    await access(path, constants.X_OK);
  } catch (cause) {
    throw new DriverError("bad_cwd", `${path} is not a folder that can be entered.`, { cause });
  }
}

/** Whether POSIX sh passes an environment variable of this name on to what it runs. */
export function isPassableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}
