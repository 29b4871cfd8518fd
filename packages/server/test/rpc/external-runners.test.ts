import { Code } from "@connectrpc/connect";
import { RunnerActivity as Activity, EventType, RunnerStatus as Status } from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { external, heardExternal, statusOf, withProject } from "./fixture/external.js";
import { failureOf } from "./fixture/failure.js";
import { clientsBy, open, recordedTypes, runner, ways } from "./fixture/stratavore.js";

describe("creation", () => {
  test("nothing is started, and no agent has to be there", async () => {
    const { runners, ...rest } = await withProject();
    const { runner: made, warnings } = await runners.createRunner({
      projectName: "web",
      external: true,
      model: "big",
      temperature: 0.5,
      maxTokens: 7,
      runtimeId: "mine",
      metadata: { user: "ann" },
      quota: { maxMemoryMb: 5n },
      spec: { title: "A title" },
    });
    expect(made).toMatchObject({
      status: Status.STARTING,
      external: true,
      agent: "external",
      model: "big",
      temperature: 0.5,
      maxTokens: 7,
      runtimeId: "mine",
      metadata: { user: "ann" },
      quota: { maxMemoryMb: 5n },
      spec: { title: "A title" },
      pid: 0,
    });
    expect([made!.lastHeartbeat, made!.startedAt]).toEqual([undefined, undefined]);
    expect(warnings).toEqual([]);
    const { metrics } = await runners.getRunner({ runnerId: made!.id, includeMetrics: true });
    expect(metrics!.heartbeatTtl).toMatchObject({ seconds: 60n, nanos: 0 });
    const labelled = await runners.createRunner({
      projectName: "web",
      external: true,
      heartbeatTtl: { seconds: 90n },
      spec: { agent: "home-made" },
    });
    expect(labelled.runner!.agent).toBe("home-made");
    const listed = await runners.listRunners({ includeMetrics: true });
    expect(listed.metrics[labelled.runner!.id]!.heartbeatTtl).toMatchObject({ seconds: 90n });
    const { daemonStatus } = await rest.daemon.getStatus({});
    expect(daemonStatus).toMatchObject({ activeRunners: 2, healthy: true });
  });

  test("what only who starts a process can do becomes a warning", async () => {
    const { runners } = await withProject();
    const { warnings, runner: made } = await runners.createRunner({
      projectName: "web",
      external: true,
      quota: { maxConcurrentRunners: 3 },
      spec: {
        prompt: "hello",
        permissionMode: 1,
        environment: { A: { source: { case: "plain", value: "b" } } },
        mcpServers: [{ name: "m", command: ["x"] }],
        args: ["x"],
        resumeSessionId: "session_x",
        forkSession: true,
        input: true,
      },
    });
    expect(warnings.map((warning) => warning.split(" ")[0])).toEqual([
      "spec.prompt",
      "spec.permission_mode",
      "spec.environment",
      "spec.mcp_servers",
      "spec.args",
      "spec.resume_session_id",
      "spec.fork_session",
      "spec.input",
      "quota.max_concurrent_runners",
    ]);
    expect(made!.warnings).toEqual(warnings);
  });

  test("a TTL is for external runners, and of 1 s to 1 day", async () => {
    const server = await withProject();
    const ttl = (seconds: bigint, isExternal: boolean) =>
      failureOf(
        server.runners.createRunner({
          projectName: "web",
          external: isExternal,
          heartbeatTtl: { seconds },
          spec: { agent: "demo" },
        }),
      );
    for (const [seconds, isExternal] of [
      [60n, false],
      [0n, true],
      [86_401n, true],
    ] as const) {
      expect(await ttl(seconds, isExternal)).toMatchObject({
        code: Code.InvalidArgument,
        fields: ["heartbeat_ttl"],
      });
    }
    expect((await server.runners.listRunners({})).totalCount).toBe(0);
  });

  test("projects, quotas, runtime ids and request ids count as for others", async () => {
    const { projects, runners, folder, ...rest } = await open();
    const server = { projects, runners, folder, ...rest };
    const quota = { maxConcurrentRunners: 2 };
    await projects.createProject({ name: "web", path: folder, quota });
    const create = (more: object) => runners.createRunner({ projectName: "web", external: true, ...more });
    expect(await failureOf(create({ projectName: "none" }))).toMatchObject({ code: Code.NotFound });
    const first = await create({ runtimeId: "a", requestId: "r" });
    expect(await create({ runtimeId: "a", requestId: "r" })).toEqual(first);
    expect(await failureOf(create({ runtimeId: "a" }))).toMatchObject({ code: Code.AlreadyExists });
    await runner(server);
    expect(await failureOf(create({}))).toMatchObject({
      code: Code.ResourceExhausted,
      details: { used: "2" },
    });
    await runners.stopRunner({ runnerId: first.runner!.id });
    await create({ runtimeId: "a" });
  });
});

describe("heartbeats", () => {
  test.each(ways)("%s: the first one makes it RUNNING, each says how it is", async (way) => {
    const server = await withProject();
    const clients = await clientsBy(way, server);
    const runnerId = await external(clients);
    const first = await clients.runners.heartbeat({ runnerId });
    expect(first.runner).toMatchObject({ status: Status.RUNNING, activity: Activity.IDLE, pid: 0 });
    expect(first.runner!.startedAt).toBeDefined();
    expect(first.runner!.lastHeartbeat).toBeDefined();
    const usage = { cpuPercent: 12.5, memoryMb: 300n, tokensUsed: 40n };
    const activity = Activity.WORKING;
    const second = await clients.runners.heartbeat({ runnerId, resourceUsage: usage, activity });
    expect(second.runner).toMatchObject({ activity, resourceUsage: usage });
    await clients.runners.heartbeat({ runnerId, resourceUsage: { ...usage, memoryMb: 100n } });
    const now = await clients.runners.getRunner({ runnerId, includeMetrics: true });
    expect(now.runner).toMatchObject({ activity, resourceUsage: { cpuPercent: 12.5, memoryMb: 100n } });
    expect(now.metrics).toMatchObject({ cpuPercent: 12.5, memoryMb: 100n, peakMemoryMb: 300n });
    expect(now.runner!.resourceUsage!.lastUpdated).toBeDefined();
    const types = [EventType.RUNNER_CREATED, EventType.RUNNER_STARTED, EventType.RUNNER_UPDATED];
    expect(await recordedTypes(server, types)).toEqual(types.slice(0, 2));
  });

  test("one that says nothing new changes no etag, and moves last_heartbeat on", async () => {
    const { runners, ...rest } = await withProject();
    const runnerId = await heardExternal({ runners, ...rest });
    const before = (await runners.getRunner({ runnerId })).runner!;
    const time = ({ seconds, nanos }: { seconds: bigint; nanos: number }) => Number(seconds) * 1e9 + nanos;
    await expect
      .poll(async () => {
        const { runner: now } = await runners.heartbeat({ runnerId, activity: Activity.IDLE });
        expect(now!.etag).toBe(before.etag);
        return time(now!.lastHeartbeat!) - time(before.lastHeartbeat!);
      })
      .toBeGreaterThan(0);
  });

  test("they are for external runners that have not ended", async () => {
    const server = await withProject();
    const { runners } = server;
    const beat = (request: object) => failureOf(runners.heartbeat(request));
    expect(await beat({ runnerId: "runner_none" })).toMatchObject({ code: Code.NotFound });
    const ours = await runner(server);
    for (const ended of [false, true]) {
      expect(await beat({ runnerId: ours, ended })).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "NOT_EXTERNAL",
      });
    }
    expect(await statusOf(server, ours)).toBe(Status.RUNNING);
    const runnerId = await heardExternal(server);
    await runners.stopRunner({ runnerId, force: true });
    const late = await beat({ runnerId });
    expect(late).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "RUNNER_ENDED",
      details: { status: "TERMINATED" },
    });
    expect(late.message).toContain("stopped on request");
    await runners.deleteRunner({ runnerId });
    expect((await beat({ runnerId })).code).toBe(Code.NotFound);
  });

  test("figures that cannot be are refused by field", async () => {
    const server = await withProject();
    const runnerId = await external(server);
    const fields = async (request: object) => {
      const failure = await failureOf(server.runners.heartbeat({ runnerId, ...request }));
      expect(failure.code).toBe(Code.InvalidArgument);
      return [...new Set(failure.fields)];
    };
    expect(await fields({ resourceUsage: { cpuPercent: Number.NaN } })).toEqual([
      "resource_usage.cpu_percent",
    ]);
    expect(await fields({ resourceUsage: { memoryMb: -1n } })).toEqual(["resource_usage.memory_mb"]);
    expect(await fields({ resourceUsage: { tokensUsed: -1n } })).toEqual(["resource_usage.tokens_used"]);
    expect(await fields({ activity: 99 })).toEqual(["activity"]);
    expect(await fields({ exitCode: 0 })).toEqual(["exit_code"]);
    expect(await fields({ error: "x" })).toEqual(["error"]);
    expect(await statusOf(server, runnerId)).toBe(Status.STARTING);
  });
});

test("its owner sees that it is to pause and to go on; it cannot be frozen from here", async () => {
  const server = await withProject();
  const { runners } = server;
  const runnerId = await heardExternal(server);
  expect(await failureOf(runners.pauseRunner({ runnerId, freeze: true }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "EXTERNAL_RUNNER",
  });
  expect((await failureOf(runners.resumeRunner({ runnerId }))).reason).toBe("RUNNER_NOT_PAUSED");
  const paused = await runners.pauseRunner({ runnerId, requestId: "p" });
  expect(paused.runner!.status).toBe(Status.PAUSED);
  expect((await runners.heartbeat({ runnerId })).runner!.status).toBe(Status.PAUSED);
  await runners.resumeRunner({ runnerId });
  expect((await runners.heartbeat({ runnerId })).runner!.status).toBe(Status.RUNNING);
  expect(await runners.pauseRunner({ runnerId, requestId: "p" })).toEqual(paused);
  expect(await statusOf(server, runnerId)).toBe(Status.RUNNING);
  const types = [EventType.RUNNER_PAUSED, EventType.RUNNER_RESUMED];
  expect(await recordedTypes(server, types)).toEqual(types);
  const early = await external(server);
  expect((await failureOf(runners.pauseRunner({ runnerId: early }))).code).toBe(Code.FailedPrecondition);
});

test("its record can be changed, and it is said who has to apply that", async () => {
  const server = await withProject();
  const { runners } = server;
  const runnerId = await heardExternal(server);
  const labelled = await runners.updateRunner({ runnerId, metadata: { a: "b" } });
  expect(labelled.runner).toMatchObject({ metadata: { a: "b" }, warnings: [] });
  await runners.updateRunner({ runnerId, model: "big", maxTokens: 5 });
  const { runner: told } = await runners.heartbeat({ runnerId });
  expect(told).toMatchObject({ model: "big", maxTokens: 5, metadata: { a: "b" } });
  expect(told!.warnings.map((warning) => warning.split(" ")[0])).toEqual(["model", "max_tokens"]);
});

test("only its owner can start it again", async () => {
  const server = await withProject();
  const { runners } = server;
  const runnerId = await heardExternal(server);
  const restart = () => failureOf(runners.restartRunner({ runnerId }));
  expect((await restart()).code).toBe(Code.FailedPrecondition);
  expect(await statusOf(server, runnerId)).toBe(Status.RUNNING);
  await runners.heartbeat({ runnerId, ended: true });
  expect((await restart()).code).toBe(Code.FailedPrecondition);
  expect(await statusOf(server, runnerId)).toBe(Status.TERMINATED);
});
