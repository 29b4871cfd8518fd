export { Code, ConnectError, type Transport } from "@connectrpc/connect";
export * from "@stratavore/proto";
export { Approvals } from "./approvals.js";
export type { CallOptions } from "./call-options.js";
export {
  type CommonOptions,
  createClient,
  type RawClients,
  type StratavoreClient,
  type TransportOptions,
} from "./client.js";
export type { WarningListener } from "./context.js";
export { Daemon } from "./daemon.js";
export { type DecodedEvent, decodeEvent } from "./decode-event.js";
export * from "./errors/index.js";
export { Projects } from "./projects.js";
export type { RetryOptions } from "./resilient-transport.js";
export { Runners } from "./runners.js";
export { type SentMessage, Sessions } from "./sessions.js";
export { EventStream } from "./stream/event-stream.js";
export { type Reconnect, ResumingStream, type StreamOptions } from "./stream/resuming-stream.js";
export { SessionStream } from "./stream/session-stream.js";
export { UsageReports } from "./usage.js";
