import type { Connection, Connections } from "./connections.js";
import type { HttpLimits } from "./limits.js";
import type { HttpLog } from "./log.js";

interface Heard {
  bytes: number;
  at: number;
  pinged: boolean;
}

/**
 * Closes HTTP/2 connections that nobody uses and those whose peer is gone without a word. Neither Node nor Connect
 * has a server-side option for this; HTTP/1.1 has Node's own timeouts.
 *
 * @returns a function that ends the upkeep
 */
export function startUpkeep(connections: Connections, limits: HttpLimits, log: HttpLog): () => void {
  const shortest = Math.min(limits.idleMs, limits.pingAfterMs, limits.pingTimeoutMs);
  const heard = new WeakMap<Connection, Heard>();

  const closeIdle = (now: number) => {
    for (const connection of connections.idle()) {
      if (now - connection.idleSince < limits.idleMs) return;
      if (connection.session !== undefined) connection.closeGently();
    }
  };

  const findDead = (now: number) => {
    for (const connection of connections.all()) {
      const { session } = connection;
      if (session === undefined || session.destroyed) continue;
      const bytes = connection.socket.bytesRead;
      const last = heard.get(connection);
      if (last === undefined || last.bytes !== bytes) {
        heard.set(connection, { bytes, at: now, pinged: false });
      } else if (last.pinged && now - last.at >= limits.pingAfterMs + limits.pingTimeoutMs) {
        log.info(
          { remoteAddress: connection.remoteAddress },
          "closed an HTTP/2 connection whose peer is gone",
        );
        connection.destroy();
      } else if (!last.pinged && now - last.at >= limits.pingAfterMs) {
        last.pinged = true;
        session.ping(() => undefined);
      }
    }
  };

  const timer = setInterval(
    () => {
      const now = performance.now();
      closeIdle(now);
      findDead(now);
    },
    Math.max(10, Math.min(15_000, shortest / 4)),
  ).unref();
  return () => clearInterval(timer);
}
