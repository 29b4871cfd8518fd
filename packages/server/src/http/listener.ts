import { createServer, type Server, type Socket } from "node:net";
import type { ListenAddress } from "./address.js";
import { type Authorities, authoritiesOf } from "./authority.js";
import type { Entrance } from "./connections.js";
import { AddressInUseError, errorCode, ListenError, listenErrorFrom } from "./listen-errors.js";

/** An open listening address. */
export interface Listener {
  readonly address: ListenAddress;
  /** Whether it still accepts connections at its address. */
  readonly isOpen: boolean;
  /** Stops accepting; connections that are open stay open. */
  close(): void;
}

/** Who takes what the listeners let in. */
export interface Acceptor {
  accept(socket: Socket, entrance: Entrance): void;
  /** A connection could not be accepted, as when file descriptors run out; the listener goes on. */
  failed(error: Error): void;
}

/** The result of listening on one or several TCP addresses. */
export interface TcpListening {
  readonly listeners: Listener[];
  /** Addresses that `localhost` stands for and this machine does not have. */
  readonly skipped: { readonly address: ListenAddress; readonly reason: string }[];
}

type TcpAddress = Extract<ListenAddress, { kind: "tcp" }>;
type Bind = TcpAddress & { readonly optional: boolean };

/** How often a free port of one address family may turn out to be taken in the other. */
const portAttempts = 20;
const tcpKeepAliveMs = 60_000;

/**
 * Listens on TCP addresses. `localhost` is 127.0.0.1 and ::1, of which a machine may lack one; all addresses with
 * port 0 get the same free port.
 *
 * @throws AddressInUseError, ListenError; nothing is left open then
 */
export async function listenTcp(
  addresses: readonly TcpAddress[],
  allowedHosts: readonly string[],
  acceptor: Acceptor,
): Promise<TcpListening> {
  const binds = addresses.flatMap(expand);
  for (let attempt = 1; ; attempt++) {
    try {
      return await bindAll(binds, allowedHosts, acceptor);
    } catch (error) {
      const taken =
        error instanceof AddressInUseError && error.address.kind === "tcp" ? error.address : undefined;
      const chosenByUs = taken !== undefined && !binds.some((bind) => bind.port === taken.port);
      if (!chosenByUs || attempt >= portAttempts) throw error;
    }
  }
}

function expand(address: TcpAddress): Bind[] {
  if (address.host !== "localhost") return [{ ...address, optional: false }];
  return ["127.0.0.1", "::1"].map((host) => ({ kind: "tcp", host, port: address.port, optional: true }));
}

async function bindAll(
  binds: Bind[],
  allowedHosts: readonly string[],
  acceptor: Acceptor,
): Promise<TcpListening> {
  const listeners: Listener[] = [];
  const skipped: { address: ListenAddress; reason: string }[] = [];
  const both = binds.some((bind) => bind.host === "0.0.0.0") && binds.some((bind) => bind.host === "::");
  let chosen = 0;
  try {
    for (const bind of binds) {
      const address: TcpAddress = { kind: "tcp", host: bind.host, port: bind.port || chosen };
      try {
        const listener = await bindOne(address, allowedHosts, acceptor, both);
        listeners.push(listener);
        if (bind.port === 0) chosen = listener.address.port;
      } catch (error) {
        if (!bind.optional || !isMissingAddress(error)) throw error;
        skipped.push({ address, reason: `this machine has no ${bind.host}` });
      }
    }
    if (listeners.length === 0 && skipped[0] !== undefined) {
      throw new ListenError(skipped[0].address, "this machine has no loopback address");
    }
    return { listeners, skipped };
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

async function bindOne(
  address: TcpAddress,
  allowedHosts: readonly string[],
  acceptor: Acceptor,
  ipv6Only: boolean,
): Promise<Listener & { readonly address: TcpAddress }> {
  let authorities: Authorities = new Set();
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs },
    (socket) => acceptor.accept(socket, { transport: "tcp", authorities }),
  );
  try {
    await listening(server, { host: address.host, port: address.port, ipv6Only, exclusive: true }, acceptor);
  } catch (error) {
    throw listenErrorFrom(address, error);
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new ListenError(address, "it closed at once");
  authorities = authoritiesOf(address.host, bound.port, allowedHosts);
  return {
    address: { ...address, port: bound.port },
    get isOpen() {
      return server.listening;
    },
    close: () => void server.close(),
  };
}

/** Settles when the server listens; errors after that are the acceptor's. */
export function listening(
  server: Server,
  options: Parameters<Server["listen"]>[0] & object,
  acceptor: Acceptor,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      server.on("error", (error) => acceptor.failed(error));
      resolve();
    });
  });
}

function isMissingAddress(error: unknown): boolean {
  if (!(error instanceof ListenError)) return false;
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(errorCode(error.cause));
}
