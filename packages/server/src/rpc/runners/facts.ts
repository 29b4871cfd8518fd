import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type RunnerMetrics, RunnerMetricsSchema } from "@stratavore/proto";
import type { RunnerFacts } from "../../domain/views/runner.js";
import type { RunnerRow } from "../../store/index.js";
import type { Services } from "../services.js";

/** What is known of a runner beside its record: of its process, or by its owner's word. */
export function factsOf({ supervisor, sampler }: Services, row: RunnerRow): RunnerFacts {
  return supervisor.externals.facts(row) ?? sampler.facts(supervisor.controller(row.id));
}

/** The figures of a runner. */
export function metricsOf(services: Services, row: RunnerRow): RunnerMetrics {
  const usage = factsOf(services, row).resourceUsage;
  const from = row.startedAt;
  const uptimeMs = from === null ? 0 : (row.endedAt ?? Date.now()) - from;
  const memoryMb = usage?.memoryMb ?? 0n;
  return create(RunnerMetricsSchema, {
    cpuPercent: usage?.cpuPercent ?? 0,
    memoryMb,
    // A sample is seen a moment before its peak is stored.
    peakMemoryMb: memoryMb > row.peakMemoryMb ? memoryMb : row.peakMemoryMb,
    tokensUsed: row.tokensUsed,
    uptime: { seconds: BigInt(Math.trunc(uptimeMs / 1000)), nanos: (uptimeMs % 1000) * 1e6 },
    restarts: row.incarnation - 1,
    exitCode: row.exitCode ?? undefined,
    ...externalMetrics(services, row),
  });
}

/** What the figures of an external runner have that those of others have otherwise, or not. */
function externalMetrics(
  { supervisor }: Services,
  row: RunnerRow,
): Partial<Pick<RunnerMetrics, "peakMemoryMb" | "heartbeatTtl">> {
  const { external, heartbeatTtlMs } = row;
  if (!external || heartbeatTtlMs === null) return {};
  return {
    peakMemoryMb: supervisor.externals.peakMemoryMb(row),
    heartbeatTtl: durationFromMs(heartbeatTtlMs),
  };
}
