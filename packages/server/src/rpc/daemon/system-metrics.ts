import { stat, statfs } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type SystemMetrics, SystemMetricsSchema } from "@stratavore/proto";
import { runnersByStatus } from "../../domain/metrics.js";
import type { Services } from "../services.js";

const bytesPerMiB = 1024 * 1024;

/** Figures of this process and of its data directory. */
export async function systemMetrics(services: Services, cpuPercent: number): Promise<SystemMetrics> {
  const { store, dataDir, openStreams } = services;
  const size = store.file === null ? 0 : (await sizeOf(store.file)) + (await sizeOf(`${store.file}-wal`));
  const free = dataDir === null ? 0 : await statfs(dataDir).then(({ bavail, bsize }) => bavail * bsize);
  return create(SystemMetricsSchema, {
    counts: {
      runners: runnersByStatus(store.read),
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

/** In bytes; 0 if the file is not there, as a write-ahead log need not be. */
const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );
