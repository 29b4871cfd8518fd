import { stat, statfs } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ComponentType,
  type DaemonService,
  RunnerStatus,
  type SystemMetrics,
  SystemMetricsSchema,
} from "@stratavore/proto";
import { statusName } from "../domain/lifecycle.js";
import { version } from "../version.js";
import { checkComponents } from "./components.js";
import type { Services } from "./services.js";

const bytesPerMiB = 1024 * 1024;

export function daemonService(
  services: Services,
): Pick<ServiceImpl<typeof DaemonService>, "getStatus" | "healthCheck"> {
  const { store } = services;
  const cpu = cpuMeter();
  return {
    async getStatus({ includeDetailed, component }) {
      const all = await checkComponents(services, ComponentType.UNSPECIFIED);
      const asked =
        component === ComponentType.UNSPECIFIED ? all : await checkComponents(services, component);
      const counts = store.read.runners.countByStatus();
      const live = [RunnerStatus.STARTING, RunnerStatus.RUNNING, RunnerStatus.PAUSED, RunnerStatus.STOPPING];
      return {
        daemonStatus: {
          healthy: Object.values(all).every(({ healthy }) => healthy),
          activeRunners: live.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0),
          totalProjects: store.read.projects.list({ limit: 1 }).total,
          uptime: timestampFromMs(services.startedAt),
          version,
          pid: process.pid,
          addresses: [...services.addresses()],
          draining: services.closing.aborted,
        },
        components: includeDetailed || component !== ComponentType.UNSPECIFIED ? asked : {},
        systemMetrics: includeDetailed ? await systemMetrics(services, cpu()) : undefined,
        lastUpdated: timestampFromMs(Date.now()),
      };
    },

    async healthCheck({ component }) {
      const components = await checkComponents(services, component);
      return { healthy: Object.values(components).every(({ healthy }) => healthy), components };
    },
  };
}

async function systemMetrics(services: Services, cpuPercent: number): Promise<SystemMetrics> {
  const { store, dataDir, openStreams } = services;
  const counts = store.read.runners.countByStatus();
  const runners = [...counts].map(
    ([status, count]) => [statusName(status).toLowerCase(), BigInt(count)] as const,
  );
  const size = store.file === null ? 0 : (await stat(store.file)).size;
  const free = dataDir === null ? 0 : await statfs(dataDir).then(({ bavail, bsize }) => bavail * bsize);
  return create(SystemMetricsSchema, {
    counts: {
      runners: Object.fromEntries(runners),
      projects: BigInt(store.read.projects.list({ limit: 1 }).total),
      sessions: BigInt(store.read.sessions.list({ limit: 1 }).total),
      events: store.read.events.head(),
      streams: BigInt(openStreams.count),
    },
    cpuPercent,
    memoryMb: BigInt(Math.round(process.memoryUsage.rss() / bytesPerMiB)),
    diskMb: BigInt(Math.ceil(size / bytesPerMiB)),
    diskFreeMb: BigInt(Math.trunc(free / bytesPerMiB)),
  });
}

/** CPU of this process since the last look, in percent of one core. */
function cpuMeter(): () => number {
  let before = process.cpuUsage();
  let at = performance.now();
  return () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(before);
    const percent = (user + system) / 10 / Math.max(now - at, 1);
    before = process.cpuUsage();
    at = now;
    return percent;
  };
}
