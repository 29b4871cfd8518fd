import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ComponentStatus, ComponentStatusSchema, ComponentType } from "@stratavore/proto";
import { apiProblem } from "./components/api.js";
import { daemonProblem } from "./components/daemon.js";
import { databaseProblem } from "./components/database.js";
import { eventsProblem } from "./components/events.js";
import { supervisorProblem } from "./components/supervisor.js";
import type { Services } from "./services.js";

/** Answers what is wrong and what to do, or nothing. */
type Check = (services: Services) => Promise<string>;

const checks: Readonly<Record<string, { type: ComponentType; check: Check }>> = {
  database: { type: ComponentType.DATABASE, check: databaseProblem },
  events: { type: ComponentType.EVENTS, check: eventsProblem },
  supervisor: { type: ComponentType.SUPERVISOR, check: supervisorProblem },
  api: { type: ComponentType.API, check: apiProblem },
  daemon: { type: ComponentType.DAEMON, check: daemonProblem },
};

/** A check that takes longer has failed: who asks for health must get an answer. */
const checkMs = 5_000;

/** Checks components now; all of them, or one. */
export async function checkComponents(
  services: Services,
  only: ComponentType,
): Promise<Record<string, ComponentStatus>> {
  const wanted = Object.entries(checks).filter(
    ([, { type }]) => only === ComponentType.UNSPECIFIED || type === only,
  );
  const results = await Promise.all(
    wanted.map(async ([name, { check }]) => {
      const from = performance.now();
      const message = await inTime(check(services)).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      const tookMs = performance.now() - from;
      const status = create(ComponentStatusSchema, {
        healthy: message === "",
        message,
        latency: { seconds: BigInt(Math.trunc(tookMs / 1000)), nanos: Math.round((tookMs % 1000) * 1e6) },
        lastChecked: timestampFromMs(Date.now()),
      });
      return [name, status] as const;
    }),
  );
  return Object.fromEntries(results);
}

/** One component of those that were checked; all, if unspecified. */
export function onlyOf(
  components: Record<string, ComponentStatus>,
  only: ComponentType,
): Record<string, ComponentStatus> {
  if (only === ComponentType.UNSPECIFIED) return components;
  return Object.fromEntries(Object.entries(components).filter(([name]) => checks[name]?.type === only));
}

export const areHealthy = (components: Record<string, ComponentStatus>): boolean =>
  Object.values(components).every(({ healthy }) => healthy);

async function inTime(check: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkMs, `its check took longer than ${checkMs / 1000} s`);
  });
  return await Promise.race([check, late]).finally(() => clearTimeout(timer));
}
