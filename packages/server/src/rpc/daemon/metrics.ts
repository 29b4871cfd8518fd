import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { GetMetricsRequest, GetMetricsResponseSchema } from "@stratavore/proto";
import { globalMetrics, projectMetrics } from "../../domain/metrics.js";
import type { RunnerRow } from "../../store/index.js";
import { factsOf } from "../runners/facts.js";
import type { Services } from "../services.js";

/** Figures over all and by project, all as of one moment. */
export function getMetrics(
  services: Services,
  { projectName }: GetMetricsRequest,
): MessageInitShape<typeof GetMetricsResponseSchema> {
  const { store, counts, startedAt } = services;
  const now = Date.now();
  const usageOf = (runner: RunnerRow) => factsOf(services, runner).resourceUsage;
  return store.snapshot((read) => ({
    projects: projectMetrics(read, projectName || undefined, usageOf, now),
    global: {
      ...globalMetrics(read, now),
      calls: BigInt(counts.calls),
      failedCalls: BigInt(counts.failed),
      uptime: durationFromMs(Math.max(0, now - startedAt)),
    },
  }));
}
