import { Code, ConnectError } from "@connectrpc/connect";
import { formatAddress, type ListenAddress, parseAddress } from "./address.js";
import { resetWhenBlocked } from "./blocked-peer.js";
import { Connections, connectionOf } from "./connections.js";
import type { Credential, CredentialProblem } from "./credential.js";
import { createGate, unauthenticatedError } from "./gate.js";
import { answerGrpcMessages } from "./grpc-message.js";
import { defaultLimits, type HttpLimits } from "./limits.js";
import { type Acceptor, type Listener, listenTcp, type TcpListening } from "./listener.js";
import { type HttpLog, silentLog } from "./log.js";
import type { NodeHandler } from "./node-handler.js";
import { protocolSwitch } from "./protocol-switch.js";
import { refuseRpc } from "./refusal.js";
import { listenUnix } from "./unix-listener.js";
import { endWhenAnswered } from "./unread-request.js";
import { startUpkeep } from "./upkeep.js";

/** Options of `createHttpLayer`. */
export interface HttpLayerOptions {
  /** What serves the requests that pass, such as `connectNodeAdapter({ routes, contextValues: requestContextValues })`. */
  readonly handler: NodeHandler;
  /** What callers over TCP must present; "none" answers everybody who can reach the port. */
  readonly credential: Credential | "none";
  /** Paths that need no credential, exact or ending in `/*`; the standard gRPC health check never does. */
  readonly exempt?: readonly string[];
  /** Names besides the loopback ones that Host and :authority may show, with or without a port. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call, besides the server's own. Default none. */
  readonly allowedOrigins?: readonly string[];
  /** Full service names that are also answered without their version and without their package. Default none. */
  readonly services?: Iterable<string>;
  /** The answer to a caller without a valid credential. Default: a text that names `stratavore token`. */
  readonly unauthenticated?: (problem: CredentialProblem) => ConnectError;
  /** The answer to a call that comes while the layer closes. Default: a text that says so. */
  readonly closing?: () => ConnectError;
  readonly limits?: Partial<HttpLimits>;
  /** Checks of `HttpLayer.handler`. */
  readonly mounted?: MountedChecks;
  /** Default: nothing is logged. */
  readonly log?: HttpLog;
}

/** What is checked when a host application's server took the request. */
export interface MountedChecks {
  /** Ask for the credential. Default false: the host application knows its users. */
  readonly credential?: boolean;
  /** Refuse foreign Origins. Default true: a host application that means to allow one names it in `allowedOrigins`. */
  readonly origin?: boolean;
}

/** What listening led to. */
export interface Listening {
  /** Open addresses, with the real port where 0 was asked for. */
  readonly addresses: ListenAddress[];
  /** Addresses behind `localhost` that this machine does not have. */
  readonly skipped: TcpListening["skipped"];
}

/** The HTTP side of a server; it knows nothing of the services behind its handler. */
export interface HttpLayer {
  /**
   * Opens addresses, each as `parseAddress` reads it; all TCP addresses with port 0 get the same port.
   *
   * @throws AddressFormatError, AddressInUseError, ListenError; nothing that this call opened stays open then
   */
  listen(addresses: readonly (string | ListenAddress)[]): Promise<Listening>;
  /** Addresses that were opened and accept nothing any more, as when someone removed the socket. */
  lost(): ListenAddress[];
  /**
   * Stops accepting, tells the peers (GOAWAY), lets running calls finish for `graceMs` (default 5000) and then ends
   * them. Settles when everything is closed. A second call can only shorten the grace.
   */
  close(options?: { graceMs?: number }): Promise<void>;
  /** The same handler with its old paths and checks, for a server of a host application. */
  readonly handler: NodeHandler;
}

const closedText = "this server has been closed";
const shuttingDown = () =>
  new ConnectError("The server is shutting down; try again when it is back.", Code.Unavailable);

/** Builds the HTTP side of a server around a Connect handler. */
export function createHttpLayer(options: HttpLayerOptions): HttpLayer {
  const { log = silentLog, allowedHosts = [], mounted = {} } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const gate = createGate({
    handler: answerGrpcMessages(options.handler),
    credential: options.credential,
    allowedOrigins: options.allowedOrigins ?? [],
    exempt: options.exempt ?? [],
    services: options.services ?? [],
    unauthenticated: options.unauthenticated ?? unauthenticatedError,
    log,
  });
  const connections = new Connections(limits.maxConnections);
  const listeners: Listener[] = [];
  let closing: Promise<void> | undefined;
  let endGrace = () => {};
  const graceEnded = new Promise<void>((resolve) => {
    endGrace = resolve;
  });

  const serve: NodeHandler = (request, response) => {
    const connection = connectionOf(request);
    if (connection === undefined) return void request.destroy();
    connections.requestBegan(connection);
    response.once("close", () => connections.requestEnded(connection));
    resetWhenBlocked(request, response, limits.blockedMs, log);
    endWhenAnswered(request);
    if (closing !== undefined) {
      return refuseRpc(request, response, (options.closing ?? shuttingDown)());
    }
    const { transport, authorities } = connection.entrance;
    const tcp = transport === "tcp";
    gate(
      request,
      response,
      { authorities, origin: true, sameOrigin: tcp, credential: tcp, otherwise: tcp ? "none" : "socket" },
      { transport, remoteAddress: connection.remoteAddress },
    );
  };

  const protocols = protocolSwitch(serve, limits, log);
  const stopUpkeep = startUpkeep(connections, limits, log);
  let full = false;
  const acceptor: Acceptor = {
    accept(socket, entrance) {
      const connection = connections.admit(socket, entrance);
      // One line each time it fills up, however many knock.
      if (connection === undefined && !full)
        log.warn({ limit: limits.maxConnections }, "too many busy connections");
      full = connection === undefined;
      if (connection !== undefined) protocols.accept(connection);
    },
    failed: (error) => log.error({ err: error }, "a connection could not be accepted"),
  };

  const listen = async (addresses: readonly (string | ListenAddress)[]): Promise<Listening> => {
    if (closing !== undefined) throw new Error(closedText);
    const parsed = addresses.map((address) =>
      typeof address === "string" ? parseAddress(address) : address,
    );
    const opened: Listener[] = [];
    let skipped: TcpListening["skipped"] = [];
    try {
      const tcp = await listenTcp(
        parsed.filter((address) => address.kind === "tcp"),
        allowedHosts,
        acceptor,
      );
      opened.push(...tcp.listeners);
      skipped = tcp.skipped;
      for (const address of parsed) {
        if (address.kind === "unix") opened.push(await listenUnix(address.path, acceptor));
      }
      if (closing !== undefined) throw new Error(closedText);
    } catch (error) {
      for (const listener of opened) listener.close();
      throw error;
    }
    listeners.push(...opened);
    for (const { address } of opened) log.info({ address: formatAddress(address) }, "listening");
    return { addresses: opened.map(({ address }) => address), skipped };
  };

  const shutDown = async () => {
    for (const listener of listeners) listener.close();
    connections.closeGently();
    await Promise.race([connections.emptied(), graceEnded]);
    connections.destroy();
    await connections.emptied();
    stopUpkeep();
    protocols.close();
  };

  return {
    listen,
    lost: () => listeners.filter(({ isOpen }) => !isOpen).map(({ address }) => address),
    close({ graceMs = 5_000 } = {}) {
      closing ??= shutDown();
      const timer = setTimeout(endGrace, graceMs);
      return closing.finally(() => clearTimeout(timer));
    },
    handler: (request, response) =>
      gate(
        request,
        response,
        {
          authorities: undefined,
          origin: mounted.origin ?? true,
          sameOrigin: true,
          credential: mounted.credential ?? false,
          otherwise: "none",
        },
        { transport: "host", remoteAddress: request.socket.remoteAddress ?? "" },
      ),
  };
}
