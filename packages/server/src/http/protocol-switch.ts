import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type Connection, connectionOf } from "./connections.js";
import type { HttpLimits } from "./limits.js";
import type { HttpLog } from "./log.js";
import type { NodeHandler } from "./node-handler.js";

/** How every HTTP/2 connection begins (RFC 9113, 3.4); no HTTP/1 method starts with these three letters. */
const prefaceStart = Buffer.from("PRI");

/** Two HTTP servers without ports of their own, and the choice between them for each connection. */
export interface ProtocolSwitch {
  /** Finds out which protocol the connection speaks and hands it to the server of that protocol. */
  accept(connection: Connection): void;
  /** Stops the timers of the servers; connections are their owner's to close. */
  close(): void;
}

/**
 * Serves HTTP/1.1 and HTTP/2 with prior knowledge on the same connections, told apart by their first bytes. With TLS
 * the choice is ALPN's and the rest stays.
 */
export function protocolSwitch(handler: NodeHandler, limits: HttpLimits, log: HttpLog): ProtocolSwitch {
  const http1 = createHttp1Server(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: Math.min(limits.firstBytesMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.ceil(Math.min(5_000, limits.firstBytesMs / 4)),
      // A missing Host is refused with a sentence, beside a wrong one.
      requireHostHeader: false,
    },
    handler,
  );
  // Node starts the timeouts of a server when it listens, which this one never does.
  http1.emit("listening");
  const http2 = createHttp2Server(
    {
      maxSessionMemory: limits.maxSessionMemoryMiB,
      maxSessionInvalidFrames: limits.maxInvalidFrames,
      maxSessionRejectedStreams: limits.maxRejectedStreams,
      streamResetBurst: limits.streamResetBurst,
      streamResetRate: limits.streamResetRate,
      settings: {
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
      },
    },
    handler,
  );
  http2.on("sessionError", (error) => log.debug({ err: error }, "HTTP/2 connection failed"));

  const accept = (connection: Connection) => {
    const { socket } = connection;
    const deadline = setTimeout(() => connection.destroy(), limits.firstBytesMs);
    socket.once("close", () => clearTimeout(deadline));
    // Both servers add their own listener; until then a reset must not become an uncaught error.
    socket.on("error", (error) => log.debug({ err: error }, "connection failed"));
    whenProtocolIsKnown(connection, (protocol) => {
      if (protocol === "http1") {
        clearTimeout(deadline);
        http1.emit("connection", socket);
      } else {
        http2.emit("connection", socket);
        connection.session?.once("remoteSettings", () => clearTimeout(deadline));
      }
    });
  };

  http2.on("session", (session) => {
    const connection = connectionOf(session);
    if (connection !== undefined) connection.session = session;
  });

  return {
    accept,
    close() {
      http1.close();
      http2.close();
    },
  };
}

function whenProtocolIsKnown(connection: Connection, decided: (protocol: "http1" | "http2") => void): void {
  const { socket } = connection;
  let seen: Buffer = Buffer.alloc(0);
  const peek = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, prefaceStart.length);
    const matches = seen.compare(prefaceStart, 0, length, 0, length) === 0;
    if (matches && length < prefaceStart.length) return;
    socket.off("readable", peek);
    socket.off("end", leave);
    socket.unshift(seen);
    decided(matches ? "http2" : "http1");
  };
  const leave = () => connection.destroy();
  socket.on("readable", peek);
  socket.once("end", leave);
}
