import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { type GrpcTransportOptions, Http2SessionManager } from "@connectrpc/connect-node";
import { formatEndpoint } from "./address.js";
import type { Route } from "./discover.js";
import { connectOptions, type TlsOptions } from "./tls.js";

/** How a connection is kept. */
export interface ConnectionOptions {
  tls?: TlsOptions;
  /** Milliseconds until an attempt to connect is given up. Default: 10,000. */
  connectTimeoutMs?: number;
  /** Milliseconds of silence after which a connection with calls in flight is pinged. Default: 20,000. */
  pingIntervalMs?: number;
  /** Milliseconds until an unanswered ping ends the connection. Default: 10,000. */
  pingTimeoutMs?: number;
}

type SessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;

interface Link {
  readonly route: Route;
  readonly sessions: Http2SessionManager;
}

/**
 * One HTTP/2 connection to the daemon, wherever it is at the moment: it is looked for anew, with its credential,
 * whenever a connection has to be made.
 */
export class DaemonConnection implements SessionManager {
  /** A name for Connect only; the server sees the host that was connected to. */
  readonly authority = "http://stratavore";
  readonly #findRoute: () => Promise<Route>;
  readonly #options: ConnectionOptions;
  readonly #streams = new Set<ClientHttp2Stream>();
  #link: Link | undefined;
  #dialing: Promise<Link> | undefined;
  #closed = false;

  constructor(findRoute: () => Promise<Route>, options: ConnectionOptions) {
    this.#findRoute = findRoute;
    this.#options = options;
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: object,
  ): Promise<ClientHttp2Stream> {
    const { route, sessions } = await this.#open();
    const stream = await sessions
      .request(method, path, await forRoute(headers, route), options)
      .catch((reason: unknown) => {
        throw unreachable(route, reason);
      });
    if (this.#closed) {
      stream.session?.destroy();
      throw closedError();
    }
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    return stream;
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    this.#link?.sessions.notifyResponseByteRead(stream);
  }

  /** Ends the connection with all that is in flight. */
  close(): void {
    this.#closed = true;
    this.#link?.sessions.abort(closedError());
    // A connection that the server asked to wind down is no longer the link's, but may still carry streams.
    const sessions = [...this.#streams].map((stream) => stream.session);
    // By the connection alone they would end without an error, and their calls never.
    for (const stream of this.#streams) stream.destroy(closedError());
    for (const session of sessions) session?.destroy();
  }

  async #open(): Promise<Link> {
    if (this.#closed) throw closedError();
    const state = this.#link?.sessions.state();
    if (this.#link !== undefined && state !== "closed" && state !== "error") return this.#link;
    this.#dialing ??= this.#dial().finally(() => {
      this.#dialing = undefined;
    });
    return this.#dialing;
  }

  async #dial(): Promise<Link> {
    const route = await this.#findRoute();
    const link = { route, sessions: await this.#sessionsFor(route) };
    if (this.#closed) throw closedError();
    this.#link = link;
    const { connectTimeoutMs = 10_000 } = this.#options;
    const timer = setTimeout(() => link.sessions.abort(new Error("no answer")), connectTimeoutMs);
    const state = await link.sessions.connect();
    clearTimeout(timer);
    if (this.#closed) throw closedError();
    if (state === "error") throw unreachable(route, link.sessions.error());
    return link;
  }

  async #sessionsFor({ endpoint }: Route): Promise<Http2SessionManager> {
    const { tls, pingIntervalMs = 20_000, pingTimeoutMs = 10_000 } = this.#options;
    const keepAlive = { pingIntervalMs, pingTimeoutMs };
    if (endpoint.kind === "unix") {
      const { path } = endpoint;
      return new Http2SessionManager("http://localhost", keepAlive, {
        createConnection: () => connect({ path }),
      });
    }
    return new Http2SessionManager(endpoint.origin, keepAlive, tls && (await connectOptions(tls)));
  }
}

async function forRoute(
  headers: OutgoingHttpHeaders,
  { endpoint, token }: Route,
): Promise<OutgoingHttpHeaders> {
  const sent = { ...headers };
  // Compressing what never leaves the machine costs more than it saves.
  if (endpoint.kind === "unix" || endpoint.loopback) delete sent["grpc-accept-encoding"];
  if (token !== undefined && sent.authorization === undefined) {
    sent.authorization = `Bearer ${typeof token === "string" ? token : await token()}`;
  }
  return sent;
}

function unreachable({ endpoint, startCommand }: Route, reason: unknown): ConnectError {
  const error = ConnectError.from(reason);
  const cause = error.cause ?? error;
  const code = (cause as NodeJS.ErrnoException).code;
  const why = typeof code === "string" ? code : error.rawMessage;
  const advice =
    startCommand === undefined
      ? "check the address, and that its daemon runs"
      : `is the daemon running? Start it with \`${startCommand}\``;
  const message = `no connection to Stratavore at ${formatEndpoint(endpoint)} (${why}); ${advice}`;
  return new ConnectError(message, Code.Unavailable, undefined, undefined, cause);
}

function closedError(): ConnectError {
  return new ConnectError("the client is closed", Code.Canceled);
}
