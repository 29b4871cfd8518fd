import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** The data directory of a daemon that was started without naming one. */
export function defaultDataDir(env: Environment): string {
  return join(baseDir(env, "XDG_DATA_HOME", ".local/share"), "stratavore");
}

/** Where the daemons of this user note which data directory belongs to a port. */
export function endpointFile(env: Environment, port: number): string {
  return join(baseDir(env, "XDG_STATE_HOME", ".local/state"), "stratavore", "endpoints", `${port}.json`);
}

/** By the XDG base directory specification, a relative path there counts as none. */
function baseDir(env: Environment, name: string, fallback: string): string {
  const given = env[name];
  return given && isAbsolute(given) ? given : join(env.HOME || homedir(), fallback);
}
