import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@stratavore/client/node";
import { CliError, exitCodes } from "../exit-codes.js";
import { daemonRecord, dataDirOfPort } from "./find.js";
import { type DaemonOptions, daemonArguments } from "./options.js";
import type { StartReport } from "./report.js";

/** How long a daemon that others see to be there may take to answer. */
const firstAnswerMs = 10_000;
const maxLogBytes = 10 * 1024 * 1024;

/** A daemon that answers. */
export interface RunningDaemon {
  readonly pid: number;
  readonly addresses: readonly string[];
  readonly socket: string | null;
  readonly dataDir: string;
  /** False if it was there before. */
  readonly started: boolean;
}

/** How the one who starts a daemon writes commands, for the ways out of a failure. */
export interface CommandWords {
  /** What listens elsewhere. */
  readonly listen: string;
  /** What runs this command. */
  readonly program: string;
}

const ownWords: CommandWords = { listen: "--listen 127.0.0.1:PORT", program: "stratavore" };

type Failure = Extract<StartReport, { ready: false }>;

/** The daemon that answers on a data directory; undefined if none does. */
export async function runningDaemon(dataDir: string): Promise<RunningDaemon | undefined> {
  const record = await daemonRecord(dataDir);
  if (record === undefined) return undefined;
  await using client = createClient({ dataDir, retry: false, connectTimeoutMs: 3_000 });
  try {
    const { daemonStatus } = await client.daemon.status({}, { timeoutMs: 5_000 });
    const { addresses, socket } = record;
    return { pid: daemonStatus!.pid, addresses, socket, dataDir, started: false };
  } catch {
    return undefined;
  }
}

/**
 * Starts a daemon in the background, in a session of its own, and waits until it answers. If one is there already, that
 * is the answer.
 *
 * @throws CliError that says why it did not start, and what to do
 */
export async function startDaemon(
  options: DaemonOptions & { dataDir: string },
  words = ownWords,
): Promise<RunningDaemon> {
  const { dataDir } = options;
  const before = await runningDaemon(dataDir);
  if (before !== undefined) return before;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = openLog(dataDir);
  const log = openSync(logFile, "a", 0o600);
  const program = fileURLToPath(new URL("./daemon.js", import.meta.url));
  const child = spawn(process.execPath, [program, ...daemonArguments(options)], {
    detached: true,
    cwd: dataDir,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const report = await reportOf(child, logFile);
  child.unref();
  if (child.connected) child.disconnect();
  if (report.ready) {
    const daemon = await runningDaemon(dataDir);
    if (daemon !== undefined) return { ...daemon, started: true };
    throw new CliError(
      `the daemon started but does not answer; its log is ${logFile}`,
      exitCodes.unreachable,
    );
  }
  const other = report.problem === "locked" ? await firstDaemon(dataDir) : undefined;
  if (other !== undefined) return other;
  throw await startError(report, words);
}

/** The daemon that holds a data directory: of two that start at the same time the first, which may not answer yet. */
async function firstDaemon(dataDir: string): Promise<RunningDaemon | undefined> {
  for (const deadline = Date.now() + firstAnswerMs; Date.now() < deadline; await delay(100)) {
    const daemon = await runningDaemon(dataDir);
    if (daemon !== undefined) return daemon;
  }
  return undefined;
}

/** The log file of a data directory; an old one that has grown large is put aside. */
function openLog(dataDir: string): string {
  const file = join(dataDir, "daemon.log");
  if (existsSync(file) && statSync(file).size > maxLogBytes) renameSync(file, `${file}.1`);
  return file;
}

function reportOf(child: ChildProcess, logFile: string): Promise<StartReport> {
  return new Promise((resolve) => {
    const failed = (message: string) => resolve({ ready: false, problem: "other", message });
    child.once("message", (message) => resolve(message as StartReport));
    child.once("error", (error) => failed(`the daemon cannot be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      failed(`the daemon ended (${signal ?? `code ${code}`}) before it was ready; its log is ${logFile}`),
    );
  });
}

/** Why a daemon did not start, and the way out. */
export async function startError(failure: Failure, words = ownWords): Promise<CliError> {
  const code = failure.problem === "usage" ? exitCodes.usage : exitCodes.precondition;
  if (failure.problem !== "in_use" || failure.address === undefined) {
    return new CliError(failure.message, failure.problem === "other" ? exitCodes.failed : code);
  }
  const port = /:(\d+)$/.exec(failure.address)?.[1];
  const holder = port === undefined ? undefined : await dataDirOfPort(port);
  const daemon = holder === undefined ? undefined : await runningDaemon(holder);
  const who =
    daemon === undefined
      ? "another program"
      : `the Stratavore daemon with pid ${daemon.pid} on the data directory ${holder}`;
  const ways = [`listen on another port with \`${words.listen}\` (port 0 takes any free one)`];
  if (daemon !== undefined) {
    ways.push(`use that daemon, or stop it with \`${words.program} daemon stop --data-dir ${holder}\``);
  }
  return new CliError(`${failure.address} is in use by ${who}: ${ways.join("; or ")}`, code);
}
