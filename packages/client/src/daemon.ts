import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type CreateBackupRequestSchema,
  type CreateBackupResponse,
  DaemonService,
  type GetMetricsRequestSchema,
  type GetMetricsResponse,
  type GetStatusRequestSchema,
  type GetStatusResponse,
  type HealthCheckRequestSchema,
  type HealthCheckResponse,
  type ReconcileRequestSchema,
  type ReconcileResponse,
  type StreamLogsRequestSchema,
  type StreamLogsResponse,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { logStream } from "./stream/log-stream.js";
import type { ResumingStream } from "./stream/resuming-stream.js";

/** The daemon itself. */
export class Daemon {
  readonly #client: Client<typeof DaemonService>;
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#client = createClient(DaemonService, context.transport);
    this.#context = context;
  }

  /** The daemon in short; with `includeDetailed` its components and figures. */
  status(
    request: MessageInitShape<typeof GetStatusRequestSchema> = {},
    options?: CallOptions,
  ): Promise<GetStatusResponse> {
    return this.#client.getStatus(request, options);
  }

  /** Whether it works, checked for this call. */
  health(
    request: MessageInitShape<typeof HealthCheckRequestSchema> = {},
    options?: CallOptions,
  ): Promise<HealthCheckResponse> {
    return this.#client.healthCheck(request, options);
  }

  /** Figures, over all and by project. */
  metrics(
    request: MessageInitShape<typeof GetMetricsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<GetMetricsResponse> {
    return this.#client.getMetrics(request, options);
  }

  /** Makes the record and the machine's processes agree, and reports each action. */
  reconcile(
    request: MessageInitShape<typeof ReconcileRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ReconcileResponse> {
    return this.#client.reconcile(request, options);
  }

  /** Writes a copy of the store. The one call that is never repeated by itself. */
  backup(
    request: MessageInitShape<typeof CreateBackupRequestSchema> = {},
    options?: CallOptions,
  ): Promise<CreateBackupResponse> {
    return this.#client.createBackup(request, options);
  }

  /** The daemon's log, its last 100 lines or `tail`, and with `follow` what comes. Not resumed after a loss. */
  logs(
    request: MessageInitShape<typeof StreamLogsRequestSchema> = {},
    options: CallOptions = {},
  ): ResumingStream<StreamLogsResponse> {
    return logStream(this.#client, request, options, this.#context.closed);
  }
}
