import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { EventType, QuotaAction, QuotaExceededSchema, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { clientsBy, open, ways } from "./fixture/stratavore.js";

const { PAUSE, WARN } = QuotaAction;

test("a policy is kept, changed, and taken away with the project's other defaults", async () => {
  const { projects, folder } = await open();
  const config = { quotaPolicy: { maxMemoryMb: PAUSE, maxTokensPerDay: WARN } };
  const { project, warnings } = await projects.createProject({ name: "web", path: folder, config });
  expect(project!.config).toMatchObject(config);
  expect(warnings).toEqual([]);
  const changed = { quotaPolicy: { maxCpuPercent: WARN } };
  await projects.updateProject({ name: "web", config: changed });
  const now = (await projects.getProject({ name: "web" })).project!;
  expect(now.config!.quotaPolicy).toMatchObject({
    maxMemoryMb: QuotaAction.UNSPECIFIED,
    maxCpuPercent: WARN,
  });
  await projects.updateProject({ name: "web", updateMask: { paths: ["config"] } });
  expect((await projects.getProject({ name: "web" })).project!.config).toBe(undefined);
});

test.each(["maxMemoryMb", "maxCpuPercent", "maxTokensPerDay"])(
  "an unknown action for %s is refused",
  async (limit) => {
    const { projects, folder } = await open();
    const config = { quotaPolicy: { [limit]: 99 } };
    const failure = await failureOf(projects.createProject({ name: "web", path: folder, config }));
    const field = limit.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(failure).toMatchObject({
      code: Code.InvalidArgument,
      fields: [`config.quota_policy.${field}`],
    });
  },
);

test("max_concurrent_runners of a runner's own quota is ignored, and the answer says so", async () => {
  const { projects, runners, folder } = await open();
  await projects.createProject({ name: "web", path: folder });
  const create = () =>
    runners.createRunner({
      projectName: "web",
      quota: { maxConcurrentRunners: 1 },
      spec: { agent: "exec", args: ["sleep", "60"] },
    });
  for (const { warnings, runner } of [await create(), await create()]) {
    expect(warnings).toEqual([expect.stringContaining("quota.max_concurrent_runners was ignored")]);
    expect(runner!.warnings).toEqual(warnings);
  }
});

test.each(ways)("%s: what a limit did to a runner is in its events and in the runner", async (way) => {
  const opened = await open({ sampleIntervalMs: 50 });
  const { projects, runners } = await clientsBy(way, opened);
  await projects.createProject({ name: "web", path: opened.folder });
  const { runner } = await runners.createRunner({
    projectName: "web",
    quota: { maxMemoryMb: 1n },
    spec: { agent: "demo" },
  });
  const runnerId = runner!.id;
  const ended = await runners.waitRunner({ runnerId });
  expect(ended.runner!.status).toBe(RunnerStatus.FAILED);
  const events = runners.streamRunnerEvents({
    fromStart: true,
    runnerId,
    eventTypes: [EventType.QUOTA_EXCEEDED, EventType.RUNNER_FAILED],
  });
  const seen: EventType[] = [];
  for await (const { eventType, payload } of events) {
    seen.push(eventType);
    if (eventType === EventType.RUNNER_FAILED) break;
    const said = anyUnpack(payload!, QuotaExceededSchema)!;
    expect(said).toMatchObject({ quota: "max_memory_mb", limit: 1, action: "stop" });
    expect(ended.runner!.reason).toContain(said.message);
  }
  expect(seen).toEqual([EventType.QUOTA_EXCEEDED, EventType.RUNNER_FAILED]);
});
