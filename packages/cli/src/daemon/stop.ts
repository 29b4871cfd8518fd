import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { CliError, exitCodes } from "../exit-codes.js";
import { daemonRecord } from "./find.js";
import { runningDaemon } from "./start.js";

const pollMs = 50;

/**
 * Asks the daemon on a data directory to stop and waits until its process is gone. Agents live on.
 *
 * @returns the pid of the daemon that was stopped; undefined if none runs
 * @throws CliError: it is not gone in time, or what has its pid is no daemon that we know
 */
export async function stopDaemon(dataDir: string, timeoutMs: number): Promise<number | undefined> {
  const pid = await daemonPid(dataDir);
  if (pid === undefined) return undefined;
  signalProcess(pid, "SIGTERM");
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new CliError(
        `the daemon with pid ${pid} has not ended after ${timeoutMs / 1000} s; a second SIGTERM ends it at once: kill ${pid}`,
        exitCodes.failed,
      );
    }
    await delay(pollMs);
  }
  return pid;
}

/** The process that answers as this data directory's daemon, or one that does not answer but is seen to be a daemon. */
async function daemonPid(dataDir: string): Promise<number | undefined> {
  const running = await runningDaemon(dataDir);
  if (running !== undefined) return running.pid;
  const record = await daemonRecord(dataDir);
  if (record === undefined || !isAlive(record.pid)) return undefined;
  const command = await readFile(`/proc/${record.pid}/cmdline`, "utf8").catch(() => "");
  return /daemon|stratavore/.test(command) && command.includes(dataDir) ? record.pid : undefined;
}

function isAlive(pid: number): boolean {
  return signalProcess(pid, 0);
}

/** False if there is no such process. */
function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
