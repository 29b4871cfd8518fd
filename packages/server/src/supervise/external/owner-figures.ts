import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ResourceUsage, ResourceUsageSchema } from "@stratavore/proto";
import type { RunnerRow } from "../../store/index.js";

/** What the owner of an external runner said of it last. Times in milliseconds. */
export interface OwnerFigures {
  /** When it was heard, or began to be listened for, on the clock that no one sets. */
  at: number;
  /** When it was heard; undefined: not yet. */
  seen: number | undefined;
  /** True once `seen` is stored. */
  written: boolean;
  usage: ResourceUsage | undefined;
  peakMb: bigint;
}

export const unheard = (at: number): OwnerFigures => ({
  at,
  seen: undefined,
  written: true,
  usage: undefined,
  peakMb: 0n,
});

/** After a heartbeat. What it does not say stays. */
export function heard(
  before: OwnerFigures | undefined,
  at: number,
  said: ResourceUsage | undefined,
): OwnerFigures {
  const seen = Date.now();
  const lastUpdated = timestampFromMs(seen);
  const usage = said === undefined ? before?.usage : create(ResourceUsageSchema, { ...said, lastUpdated });
  const memoryMb = usage?.memoryMb ?? 0n;
  const peakBefore = before?.peakMb ?? 0n;
  return { at, seen, written: false, usage, peakMb: peakBefore > memoryMb ? peakBefore : memoryMb };
}

/** What the owner says, where the messages that it appended do not come to more tokens. */
export function shownUsage(
  figures: OwnerFigures | undefined,
  { tokensUsed }: Pick<RunnerRow, "tokensUsed">,
): ResourceUsage | undefined {
  const usage = figures?.usage;
  if (usage === undefined || usage.tokensUsed >= tokensUsed) return usage;
  return create(ResourceUsageSchema, { ...usage, tokensUsed });
}
