import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  ComponentType,
  type GetStatusRequest,
  type GetStatusResponseSchema,
  RunnerStatus,
} from "@stratavore/proto";
import { version } from "../../version.js";
import { areHealthy, checkComponents, onlyOf } from "../components.js";
import type { Services } from "../services.js";
import { systemMetrics } from "./system-metrics.js";

/** The daemon and its machine; `cpuPercent` measures since the last call. */
export async function getStatus(
  services: Services,
  cpuPercent: () => number,
  { includeDetailed, component }: GetStatusRequest,
): Promise<MessageInitShape<typeof GetStatusResponseSchema>> {
  const { store } = services;
  const all = await checkComponents(services, ComponentType.UNSPECIFIED);
  const counts = store.read.runners.countByStatus();
  const live = [RunnerStatus.STARTING, RunnerStatus.RUNNING, RunnerStatus.PAUSED, RunnerStatus.STOPPING];
  return {
    daemonStatus: {
      healthy: areHealthy(all),
      activeRunners: live.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0),
      totalProjects: store.read.projects.list({ limit: 1 }).total,
      uptime: timestampFromMs(services.startedAt),
      version,
      pid: process.pid,
      addresses: [...services.addresses()],
      draining: services.closing.aborted,
    },
    components: includeDetailed || component !== ComponentType.UNSPECIFIED ? onlyOf(all, component) : {},
    systemMetrics: includeDetailed ? await systemMetrics(services, cpuPercent()) : undefined,
    lastUpdated: timestampFromMs(Date.now()),
  };
}
