import { stat, statfs } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type SystemMetrics, SystemMetricsSchema } from "@stratavore/proto";
import { statusName } from "../../domain/lifecycle.js";
import type { Services } from "../services.js";

const bytesPerMiB = 1024 * 1024;

export async function systemMetrics(services: Services, cpuPercent: number): Promise<SystemMetrics> {
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
