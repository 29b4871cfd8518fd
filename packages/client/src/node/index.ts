import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  type CommonOptions,
  createClient as createCoreClient,
  type StratavoreClient,
  type TransportOptions,
} from "../client.js";
import { parseAddress } from "./address.js";
import type { Token } from "./credential.js";
import { type ConnectionOptions, DaemonConnection } from "./daemon-connection.js";
import { discover } from "./discover.js";

export * from "../index.js";
export type { Token } from "./credential.js";
export type { ConnectionOptions } from "./daemon-connection.js";
export type { TlsContents, TlsFiles, TlsOptions } from "./tls.js";

/** Where the daemon is and how to speak to it; all optional. */
export interface NodeClientOptions extends CommonOptions, ConnectionOptions {
  /**
   * `host:port`, `http(s)://host:port` or `unix:/path`. Default: `STRATAVORE_ADDRESS`, else what the data directory
   * says, else `localhost:50051`.
   */
  address?: string;
  /** The daemon's data directory. Default: `STRATAVORE_DATA_DIR`, else `~/.local/share/stratavore`. */
  dataDir?: string;
  /**
   * Sent as `authorization: Bearer` to whatever host. Default: `STRATAVORE_TOKEN`, else on this machine the daemon's
   * local credential; none over the unix socket.
   */
  token?: Token;
}

/**
 * Creates a client over gRPC. Nothing is looked for or connected before the first call.
 *
 * @throws InvalidArgumentError for a malformed address
 */
export function createClient(options: NodeClientOptions | TransportOptions = {}): StratavoreClient {
  const onWarning = options.onWarning ?? ((warning) => process.emitWarning(warning, "StratavoreWarning"));
  if ("transport" in options) return createCoreClient({ ...options, onWarning });
  const { address, dataDir, token, tls } = options;
  if (address !== undefined) parseAddress(address, tls !== undefined);
  const connection = new DaemonConnection(
    () => discover({ address, dataDir, token, tls: tls !== undefined }),
    options,
  );
  const transport = createGrpcTransport({ baseUrl: connection.authority, sessionManager: connection });
  return createCoreClient({ ...options, onWarning, transport, closeTransport: () => connection.close() });
}
