import type { ConnectRouter, Transport } from "@connectrpc/connect";
import type { HttpLayer } from "./http/index.js";
import type { ReconcileStep } from "./supervise/reconcile/reconcile.js";

/** What `Stratavore.listen` opened. */
export interface StratavoreListening {
  /** Open TCP addresses, `host:port`, with the real port where 0 was asked for. */
  readonly addresses: readonly string[];
  /** Path of the unix socket; null without one. */
  readonly socket: string | null;
}

/** A server: listened on, mounted in another application, or called in process. */
export interface Stratavore extends AsyncDisposable {
  /** For a client in the same process: `createClient({ transport })`. No network, no credential. */
  readonly transport: Transport;
  /** The services, for any Connect adapter: Express, Fastify, Next or another. */
  readonly routes: (router: ConnectRouter) => void;
  /** Serves requests of a node:http or node:http2 server of a host application. */
  readonly handler: HttpLayer["handler"];
  /** The data directory; null in memory. */
  readonly dataDir: string | null;
  /** What callers over TCP must present as `authorization: Bearer`; null with `auth: "none"`. */
  readonly credential: string | null;
  /** What was done at the start about runners of an earlier server. */
  readonly reconciled: readonly ReconcileStep[];
  /**
   * Opens addresses: `host:port`, `localhost:port` (127.0.0.1 and ::1), `unix:/path`. Without any: `localhost:50051`
   * and, with a data directory, its unix socket.
   *
   * @throws AddressFormatError, AddressInUseError, ListenError
   */
  listen(addresses?: readonly string[]): Promise<StratavoreListening>;
  /**
   * Ends streams and calls, closes every address and lets the data directory go. Agents live on and are taken up again by
   * the next server on the same data directory; without one they are ended. A second call is the first.
   */
  close(options?: {
    /** Time in ms that running calls have. Default 5000. */ graceMs?: number;
  }): Promise<void>;
}
