import type { ServiceImpl } from "@connectrpc/connect";
import type { DaemonService } from "@stratavore/proto";
import { createBackup } from "./daemon/backup.js";
import { cpuMeter } from "./daemon/cpu-meter.js";
import { healthCheck } from "./daemon/health.js";
import { getMetrics } from "./daemon/metrics.js";
import { reconcile } from "./daemon/reconcile.js";
import { getStatus } from "./daemon/status.js";
import { streamLogs } from "./daemon/stream-logs.js";
import type { Services } from "./services.js";
import { openStream } from "./streams/open-stream.js";

/** Each method has its file in `daemon/`. */
export function daemonService(services: Services): ServiceImpl<typeof DaemonService> {
  const cpuPercent = cpuMeter();
  return {
    getStatus: (request) => getStatus(services, cpuPercent, request),
    getMetrics: (request) => getMetrics(services, request),
    healthCheck: (request) => healthCheck(services, request),
    reconcile: (request, context) => reconcile(services, request, context),
    createBackup: (request, context) => createBackup(services, request, context),
    streamLogs: (request, { signal }) =>
      openStream(services, signal, (ending) => streamLogs(services.logLines, request, ending)),
  };
}
