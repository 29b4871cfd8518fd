import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { AgentProfile } from "../agents/index.js";
import type { HttpLimits } from "../http/index.js";
import type { NotifyOptions } from "../supervise/approvals/notify-command.js";
import type { Log } from "../supervise/log.js";

/** Options of `createStratavore`. */
export interface StratavoreOptions {
  /**
   * Where everything is kept; made, with mode 0700, if it is not there. One server at a time holds it. Default:
   * `$STRATAVORE_DATA_DIR`, else `stratavore` in `$XDG_DATA_HOME` or `~/.local/share`. `null` keeps the record in memory
   * and the runners' folders in the system's temporary directory: nothing outlives the server then.
   */
  readonly dataDir?: string | null;
  /** Agent profiles besides the built-in ones; one with the name of a built-in one takes its place. */
  readonly agents?: readonly AgentProfile[];
  /** Agent of runners that name none, as their project does not. Default: none, and such a call fails. */
  readonly defaultAgent?: string;
  /** Directories in which projects may be. Default: any. */
  readonly allowedRoots?: readonly string[];
  /** Names besides the loopback ones by which callers may reach the server. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call, besides the server's own. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /**
   * What callers over TCP must present: `local`, the credential in the data directory, or `none`. Default `local`;
   * without a data directory a credential is made for the life of the server, see `Stratavore.credential`.
   */
  readonly auth?: "local" | "none";
  /** Ask for the credential also in `handler`, which a host application mounts. Default false: it knows its users. */
  readonly authWhenMounted?: boolean;
  /**
   * A command that is run for each approval that waits for an answer, so that people hear of it: `{ command: ["notify-me"] }`.
   * At most four run at a time, each for at most `timeoutMs`; what fails is logged. One that still waits when a server
   * starts is announced again. Default: none.
   */
  readonly notify?: NotifyOptions;
  /** Where to log. Default: nowhere. pino's loggers fit. */
  readonly log?: Log;
  /** Time in ms that an agent has to answer after its start. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Time in ms between two comparisons of the record with the machine's processes. Default 60,000. */
  readonly reconcileIntervalMs?: number;
  /** Time in ms between two samples of what runners use, at each of which limits of memory and CPU are enforced. Default 2,000. */
  readonly sampleIntervalMs?: number;
  /** The environment that agents inherit from, by an allow-list. Default: `process.env`. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Size in bytes at which a transcript is only given in pages. Default 64 MiB; gRPC clients stop at 4 MB by themselves. */
  readonly maxTranscriptBytes?: number;
  /** Bounds of the listeners. */
  readonly limits?: Partial<HttpLimits>;
}

/** The data directory of a user who names none. */
export function defaultDataDir(environment: NodeJS.ProcessEnv): string {
  const named = environment.STRATAVORE_DATA_DIR;
  if (named) return resolve(named);
  return join(environment.XDG_DATA_HOME || join(homedir(), ".local", "share"), "stratavore");
}

/** Where daemons say which data directory serves which port, so that clients find the credential. */
export function endpointsFolder(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), ".local", "state"), "stratavore", "endpoints");
}
