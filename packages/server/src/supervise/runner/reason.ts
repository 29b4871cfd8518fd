import { constants } from "node:os";
import { RunnerStatus } from "@stratavore/proto";
import type { RunnerRow } from "../../store/index.js";

const maxQuoted = 200;

/** What is known of the end of a runner's process. */
export interface Evidence {
  /** As the shell gives it; null when it could not be learned. */
  exitCode: number | null;
  /** What went wrong before the end, if anything did. */
  failure: string | undefined;
  /** The first line that was not of the agent's protocol. */
  unreadable: string | undefined;
}

/** Why a runner is what it is after its end, for people. */
export function reasonOf(runner: RunnerRow, { exitCode, failure, unreadable }: Evidence): string {
  const how = exitCode === null ? "its exit code is unknown" : `exit code ${exitCode}${signalHint(exitCode)}`;
  if (failure !== undefined) return `${failure} (${how})${garbage(unreadable)}`;
  if (runner.status === RunnerStatus.STOPPING) return runner.reason || "stopped on request";
  if (runner.status === RunnerStatus.STARTING) {
    return `the agent ended before it answered (${how})${garbage(unreadable)}`;
  }
  return exitCode === 0 ? "the agent ended by itself" : `the agent ended by itself (${how})`;
}

/** A shell's status cannot tell a signal from an exit with the same number. */
function signalHint(exitCode: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return name === undefined ? "" : `, as after ${name}`;
}

function garbage(line: string | undefined): string {
  if (line === undefined) return "";
  return `; it printed what is not of its protocol: ${JSON.stringify(line.slice(0, maxQuoted))}`;
}
