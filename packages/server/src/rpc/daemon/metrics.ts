import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { GetMetricsRequest, GetMetricsResponseSchema } from "@stratavore/proto";
import { globalMetrics, projectMetrics } from "../../domain/metrics.js";
import type { Services } from "../services.js";

/** Figures over all and by project, all as of one moment. */
export function getMetrics(
  { store, supervisor, sampler, counts, startedAt }: Services,
  { projectName }: GetMetricsRequest,
): MessageInitShape<typeof GetMetricsResponseSchema> {
  const now = Date.now();
  const usageOf = (runnerId: string) => sampler.facts(supervisor.controller(runnerId)).resourceUsage;
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
