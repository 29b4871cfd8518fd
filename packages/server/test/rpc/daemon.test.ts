import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ComponentType } from "@stratavore/proto";
import { expect, test } from "vitest";
import { version } from "../../src/index.js";
import { open, reached, session } from "./fixture/stratavore.js";

const components = ["api", "daemon", "database", "events", "supervisor"];

test("GetStatus tells the daemon in short, and in detail when asked", async () => {
  const before = Date.now();
  const opened = await open();
  const { target } = await reached(opened);
  await session(opened);
  const brief = await opened.daemon.getStatus({});
  expect(brief.daemonStatus).toMatchObject({
    healthy: true,
    activeRunners: 1,
    totalProjects: 1,
    version,
    pid: process.pid,
    addresses: [target],
    draining: false,
  });
  // In the reference `uptime` is a point in time: the start.
  const startedAt = timestampMs(brief.daemonStatus!.uptime!);
  expect(startedAt).toBeGreaterThanOrEqual(before);
  expect(startedAt).toBeLessThanOrEqual(Date.now());
  expect([brief.components, brief.systemMetrics]).toEqual([{}, undefined]);
  const full = await opened.daemon.getStatus({ includeDetailed: true });
  expect(Object.keys(full.components).sort()).toEqual(components);
  expect(full.systemMetrics).toMatchObject({
    counts: { runners: { running: 1n }, projects: 1n, sessions: 1n, streams: 0n },
  });
  expect(full.systemMetrics!.counts!.events).toBeGreaterThan(3n);
  expect(full.systemMetrics!.memoryMb).toBeGreaterThan(0n);
  const one = await opened.daemon.getStatus({ component: ComponentType.EVENTS });
  expect(Object.keys(one.components)).toEqual(["events"]);
});

test("HealthCheck looks at every component, or at one", async () => {
  const { daemon } = await open();
  const all = await daemon.healthCheck({});
  expect(all.healthy).toBe(true);
  expect(Object.keys(all.components).sort()).toEqual(components);
  for (const status of Object.values(all.components)) {
    expect(status).toMatchObject({ healthy: true, message: "" });
    expect(status.lastChecked).toBeDefined();
  }
  const one = await daemon.healthCheck({ component: ComponentType.DATABASE });
  expect(Object.keys(one.components)).toEqual(["database"]);
});
