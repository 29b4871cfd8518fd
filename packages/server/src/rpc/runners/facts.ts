import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { RunnerMetrics } from "@stratavore/proto";
import type { RunnerFacts } from "../../domain/views/runner.js";
import type { RunnerRow } from "../../store/index.js";
import type { Services } from "../services.js";

/** What is known of a runner beside its record: of its process, or by its owner's word. */
export function factsOf({ supervisor, sampler }: Services, row: RunnerRow): RunnerFacts {
  return supervisor.externals.facts(row) ?? sampler.facts(supervisor.controller(row.id));
}

/** What the figures of an external runner have that those of others have otherwise, or not. */
export function externalMetrics(
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
