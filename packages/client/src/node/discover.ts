import { Code, ConnectError } from "@connectrpc/connect";
import { defaultPort, type Endpoint, parseAddress } from "./address.js";
import { findCredential, type Token } from "./credential.js";
import { readDaemonFile } from "./daemon-file.js";
import { defaultDataDir } from "./places.js";

/** What the caller says about where the daemon is. */
export interface DiscoverOptions {
  address?: string;
  dataDir?: string;
  token?: Token;
  /** True if TLS options were given: then a unix socket is passed over. */
  tls?: boolean;
}

/** A way to a daemon. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly token: Token | undefined;
  /** The command that would start the daemon that is looked for; undefined if it is on another machine. */
  readonly startCommand: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the daemon: the address or data directory that was given, else those of the environment, else the default
 * data directory if a daemon noted itself there, else localhost:50051.
 *
 * @throws ConnectError UNAVAILABLE when a data directory has no running daemon; FAILED_PRECONDITION when a file is not
 * safe to believe; INVALID_ARGUMENT for a malformed address
 */
export async function discover(options: DiscoverOptions, env: Environment = process.env): Promise<Route> {
  const { token, tls = false } = options;
  const { address, dataDir = env.STRATAVORE_DATA_DIR || undefined } = named(options, env);
  if (address !== undefined) {
    const endpoint = parseAddress(address, tls);
    const local = endpoint.kind === "unix" || endpoint.loopback;
    const startCommand = local ? start(endpoint, dataDir) : undefined;
    return { endpoint, token: await findCredential(endpoint, { token, dataDir, env }), startCommand };
  }
  const found = await fromDataDir(dataDir ?? defaultDataDir(env), tls);
  if (found !== undefined) {
    const sources = { token, dataDir: dataDir ?? defaultDataDir(env), env };
    return {
      endpoint: found,
      token: await findCredential(found, sources),
      startCommand: start(found, dataDir),
    };
  }
  if (dataDir !== undefined) {
    throw new ConnectError(
      `no daemon runs on the data directory ${dataDir}; start it with \`stratavore daemon start --data-dir ${dataDir}\``,
      Code.Unavailable,
    );
  }
  const endpoint = parseAddress(`localhost:${defaultPort}`, tls);
  return { endpoint, token: await findCredential(endpoint, { token, env }), startCommand: start(endpoint) };
}

/** Options come before the environment: a data directory that was given beats an address that was not. */
function named(options: DiscoverOptions, env: Environment): { address?: string; dataDir?: string } {
  if (options.address !== undefined || options.dataDir !== undefined) return options;
  return { address: env.STRATAVORE_ADDRESS || undefined };
}

async function fromDataDir(dataDir: string, tls: boolean): Promise<Endpoint | undefined> {
  const daemon = await readDaemonFile(dataDir);
  if (daemon === undefined) return undefined;
  // No second choice beside the socket: its port, once free, may be anyone's, and would be sent the credential.
  if (daemon.socket && !tls) return { kind: "unix", path: daemon.socket };
  const [address] = daemon.addresses;
  return address === undefined ? undefined : parseAddress(address, tls);
}

function start(endpoint: Endpoint, dataDir?: string): string {
  const listen =
    endpoint.kind === "tcp" && endpoint.port !== defaultPort && dataDir === undefined
      ? ` --listen ${new URL(endpoint.origin).host}`
      : "";
  return `stratavore daemon start${dataDir === undefined ? "" : ` --data-dir ${dataDir}`}${listen}`;
}
