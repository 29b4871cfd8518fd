import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { DaemonService, StreamLogsRequestSchema, StreamLogsResponse } from "@stratavore/proto";
import type { CallOptions } from "../call-options.js";
import { ResumingStream } from "./resuming-stream.js";

/** The daemon's log; a line has no position, so a lost connection ends it with UNAVAILABLE. */
export function logStream(
  client: Client<typeof DaemonService>,
  request: MessageInitShape<typeof StreamLogsRequestSchema>,
  options: CallOptions,
  closed: AbortSignal,
): ResumingStream<StreamLogsResponse> {
  const source = {
    start: "",
    endless: false,
    open: (_position: string, call: CallOptions) => client.streamLogs(request, call),
    positionOf: () => "",
    accepts: () => true,
  };
  return new ResumingStream(source, { ...options, reconnect: false }, closed);
}
