import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  EventType,
  QuotaExceededSchema,
  type QuotaPolicySchema,
  type ResourceQuotaSchema,
  RunnerStatus,
} from "@stratavore/proto";
import type { StratavoreOptions } from "../../src/index.js";
import { type House, openHouse } from "./house.js";

export type Quota = MessageInitShape<typeof ResourceQuotaSchema>;
export type Policy = MessageInitShape<typeof QuotaPolicySchema>;

/** An open house that samples often, whose project has a quota and a policy. */
export async function limitedHouse(
  quota: Quota,
  quotaPolicy: Policy = {},
  options: StratavoreOptions = {},
): Promise<House> {
  const house = await openHouse({}, { sampleIntervalMs: 50, ...options });
  await house.projects.updateProject({ name: "p", quota, config: { quotaPolicy } });
  return house;
}

/** A runner with a quota of its own, and a session. */
export async function talking(house: House, quota?: Quota): Promise<{ runnerId: string; sessionId: string }> {
  const { runner } = await house.runners.createRunner({ projectName: "p", quota, spec: { agent: "plain" } });
  await house.status(runner!.id, RunnerStatus.RUNNING);
  const { session } = await house.sessions.createSession({ runnerId: runner!.id });
  return { runnerId: runner!.id, sessionId: session!.id };
}

/** What the events say about limits so far. */
export async function exceeded(house: House) {
  const events = await house.events(EventType.QUOTA_EXCEEDED);
  return events.map(({ runnerId, projectName, payload }) => {
    const { $typeName: _, $unknown, ...said } = fromBinary(QuotaExceededSchema, payload!.value);
    return { runnerId, projectName, ...said };
  });
}

/** Settles when the server has sampled a runner this many times more. */
export async function samples(house: House, runnerId: string, count: number): Promise<void> {
  let last = "";
  for (let seen = -1; seen < count; ) {
    const { lastUpdated } = (await house.runner(runnerId)).resourceUsage ?? {};
    const now = `${lastUpdated?.seconds}.${lastUpdated?.nanos}`;
    if (lastUpdated !== undefined && now !== last) seen++;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resident MiB of a runner at its last sample. */
export const memoryOf = async (house: House, runnerId: string): Promise<number> =>
  Number((await house.runner(runnerId)).resourceUsage?.memoryMb ?? 0n);
