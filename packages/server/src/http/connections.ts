import type { Http2Session, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Authorities } from "./authority.js";
import type { NodeRequest } from "./node-handler.js";

/** What all connections of one listening address have in common. */
export interface Entrance {
  readonly transport: "tcp" | "unix";
  /** The hosts it answers to; undefined on a unix socket, which no web page can reach. */
  readonly authorities: Authorities | undefined;
}

const property = Symbol("stratavore.connection");
type Carrier = { [property]?: Connection };

/** One accepted connection, whichever protocol it turns out to speak. */
export class Connection {
  readonly socket: Socket;
  readonly entrance: Entrance;
  readonly remoteAddress: string;
  /** Set once the connection is known to speak HTTP/2. */
  session: ServerHttp2Session | undefined;
  /** Requests that have no complete answer yet. */
  inFlight = 0;
  /** When the last of them was answered, on the monotonic clock in milliseconds. */
  idleSince = performance.now();

  constructor(socket: Socket, entrance: Entrance) {
    this.socket = socket;
    this.entrance = entrance;
    this.remoteAddress = socket.remoteAddress ?? "";
    (socket as Carrier)[property] = this;
  }

  /** Ends the connection once its answers are sent; on HTTP/2 the peer is told by GOAWAY. */
  closeGently(): void {
    if (this.session !== undefined) this.session.close();
    else if (this.inFlight === 0) this.socket.destroySoon();
  }

  /** Ends the connection and every stream on it now. */
  destroy(): void {
    this.session?.destroy();
    this.socket.destroy();
  }
}

/** The connection a session or a request came on. */
export function connectionOf(carrier: NodeRequest | Http2Session): Connection | undefined {
  if ("stream" in carrier) return carrier.stream.session && connectionOf(carrier.stream.session);
  return (carrier.socket as unknown as Carrier)[property];
}

/** All open connections of a layer, and which of them are idle, in the order they became so. */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #idle = new Set<Connection>();
  readonly #maximum: number;
  readonly #emptied: (() => void)[] = [];
  #closing = false;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  all(): Iterable<Connection> {
    return this.#all;
  }

  /** Idle connections, the one idle for longest first. */
  idle(): Iterable<Connection> {
    return this.#idle;
  }

  /**
   * Takes in a new connection. At the limit the one idle for longest makes room; when none is idle the new one is
   * turned away, and nothing is returned.
   */
  admit(socket: Socket, entrance: Entrance): Connection | undefined {
    if (this.#all.size >= this.#maximum) {
      const [longestIdle] = this.#idle;
      if (longestIdle === undefined) {
        socket.destroy();
        return undefined;
      }
      this.#forget(longestIdle);
      longestIdle.destroy();
    }
    const connection = new Connection(socket, entrance);
    this.#all.add(connection);
    this.#idle.add(connection);
    socket.once("close", () => this.#forget(connection));
    return connection;
  }

  /** Counts a request in; to be followed by `requestEnded`. */
  requestBegan(connection: Connection): void {
    connection.inFlight += 1;
    this.#idle.delete(connection);
  }

  requestEnded(connection: Connection): void {
    connection.inFlight -= 1;
    if (connection.inFlight > 0 || !this.#all.has(connection)) return;
    connection.idleSince = performance.now();
    this.#idle.add(connection);
    if (this.#closing) connection.closeGently();
  }

  /** Ends every connection as soon as it has no request in flight. */
  closeGently(): void {
    this.#closing = true;
    for (const connection of this.#all) connection.closeGently();
  }

  destroy(): void {
    for (const connection of this.#all) connection.destroy();
  }

  /** Settles when no connection is open. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#all.size === 0) resolve();
      else this.#emptied.push(resolve);
    });
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    this.#idle.delete(connection);
    if (this.#all.size > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
