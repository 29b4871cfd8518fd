/** Limits of the listener. Times are in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Size of one request's headers. Default 64 KiB: room for a long JWT and trace headers, four times Node's own. */
  readonly maxHeaderBytes: number;
  /**
   * How long a connection may take until its protocol is known and its HTTP/2 preface and settings, or the headers of
   * its first HTTP/1.1 request, are complete. Default 10 s: slow links need less, a silent one must not hold a slot.
   */
  readonly firstBytesMs: number;
  /** How long a whole HTTP/1.1 request may take to arrive. Default 5 minutes, as Node has it. */
  readonly requestMs: number;
  /** How long an HTTP/1.1 connection stays open between requests. Default 75 s: longer than the pools of most clients. */
  readonly keepAliveMs: number;
  /** How long an HTTP/2 connection without open streams stays open. Default 10 minutes. */
  readonly idleMs: number;
  /** Silence on an HTTP/2 connection after which it is pinged. Default 60 s. */
  readonly pingAfterMs: number;
  /** How long the answer to a ping may take before the peer counts as dead. Default 20 s. */
  readonly pingTimeoutMs: number;
  /**
   * How long a response may wait for a peer that takes nothing of it, before it is reset.
   * Default 60 s; an HTTP/2 client sees ENHANCE_YOUR_CALM, which is RESOURCE_EXHAUSTED in gRPC and Connect.
   */
  readonly blockedMs: number;
  /** Open HTTP/2 streams on one connection. Default 250: a client that watches 200 runners needs one connection. */
  readonly maxConcurrentStreams: number;
  /** Memory of one HTTP/2 connection, in MiB. Default 32: 250 streams with full windows in both directions. */
  readonly maxSessionMemoryMiB: number;
  /** Open connections; at the limit the one idle for longest makes room. Default 4096: some 200 MB of HTTP/2 state. */
  readonly maxConnections: number;
  /** Stream resets that an HTTP/2 client may send at once. Default 1000, as Node has it: more is a reset flood. */
  readonly streamResetBurst: number;
  /** Stream resets per second that refill that allowance. Default 33, as Node has it. */
  readonly streamResetRate: number;
  /** Invalid frames until an HTTP/2 connection is closed. Default 100: a sound client sends none. */
  readonly maxInvalidFrames: number;
  /** Refused streams until an HTTP/2 connection is closed. Default 100, as Node has it. */
  readonly maxRejectedStreams: number;
}

/** The defaults, each with its reason in `HttpLimits`. */
export const defaultLimits: HttpLimits = {
  maxHeaderBytes: 64 * 1024,
  firstBytesMs: 10_000,
  requestMs: 300_000,
  keepAliveMs: 75_000,
  idleMs: 600_000,
  pingAfterMs: 60_000,
  pingTimeoutMs: 20_000,
  blockedMs: 60_000,
  maxConcurrentStreams: 250,
  maxSessionMemoryMiB: 32,
  maxConnections: 4096,
  streamResetBurst: 1000,
  streamResetRate: 33,
  maxInvalidFrames: 100,
  maxRejectedStreams: 100,
};
