import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  RunnerActivity as Activity,
  EventType,
  type RunnerEvent,
  RunnerFailedSchema,
  RunnerStoppedSchema,
  RunnerStatus as Status,
  StopMethod,
} from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { external, heardExternal, seen } from "./fixture/external.js";
import { failureOf } from "./fixture/failure.js";
import { clientsBy, type Opened, open, project, recordedTypes, runner, ways } from "./fixture/stratavore.js";

async function opened(): Promise<Opened> {
  const server = await open();
  await project(server);
  return server;
}

const statusOf = async ({ runners }: Pick<Opened, "runners">, runnerId: string) =>
  (await runners.getRunner({ runnerId })).runner!.status;

/** The payload of the runner's last event of a type. */
async function lastEvent({ runners }: Opened, runnerId: string, eventType: EventType) {
  const request = { runnerId, fromStart: true, eventTypes: [eventType], bookmarks: true };
  let last: RunnerEvent | undefined;
  for await (const event of runners.streamRunnerEvents(request)) {
    if (event.eventType !== eventType) break;
    last = event;
  }
  return last!.payload!;
}

describe("creation", () => {
  test("nothing is started, and no agent has to be there", async () => {
    const { runners, ...rest } = await opened();
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
    const { runners } = await opened();
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
    const server = await opened();
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
    const server = await opened();
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
    const { runners, ...rest } = await opened();
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
    const server = await opened();
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
    const server = await opened();
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

describe("the end that its owner tells", () => {
  test.each([
    [{}, Status.TERMINATED, undefined, "its owner says that it ended"],
    [{ exitCode: 0 }, Status.TERMINATED, 0, "its owner says that it ended with exit code 0"],
    [{ exitCode: 3 }, Status.FAILED, 3, "its owner says that it ended with exit code 3"],
    [{ error: "the GPU is gone" }, Status.FAILED, undefined, "the GPU is gone"],
  ])("%o", async (word, status, exitCode, reason) => {
    const server = await opened();
    for (const make of [heardExternal, external]) {
      const runnerId = await make(server);
      const { runner: ended } = await server.runners.heartbeat({ runnerId, ended: true, ...word });
      expect(ended).toMatchObject({ status, reason });
      expect(ended!.exitCode).toBe(exitCode);
      expect(ended!.endedAt).toBeDefined();
      const failed = status === Status.FAILED;
      const type = failed ? EventType.RUNNER_FAILED : EventType.RUNNER_STOPPED;
      const payload = await lastEvent(server, runnerId, type);
      expect(anyUnpack(payload, failed ? RunnerFailedSchema : RunnerStoppedSchema)).toMatchObject(
        failed ? { reason } : { reason, requested: false, method: StopMethod.OWNER },
      );
    }
  });

  test("said twice it is as said once", async () => {
    const server = await opened();
    const runnerId = await heardExternal(server);
    const say = (exitCode: number) => server.runners.heartbeat({ runnerId, ended: true, exitCode });
    const first = await say(3);
    expect(await say(0)).toEqual(first);
  });
});

describe("stops", () => {
  test("one that was never heard of ends at once", async () => {
    const server = await opened();
    const runnerId = await external(server);
    const { runner: stopped, method } = await server.runners.stopRunner({ runnerId, timeoutSeconds: 3600 });
    expect(stopped).toMatchObject({ status: Status.TERMINATED, external: true });
    expect(stopped!.reason).toContain("never heard of");
    expect(method).toBe(StopMethod.UNCONFIRMED);
  });

  test.each([Status.RUNNING, Status.PAUSED])(
    "its owner sees STOPPING and says when it has ended (%i)",
    async (from) => {
      const server = await opened();
      const { runners } = server;
      const runnerId = await heardExternal(server);
      if (from === Status.PAUSED) await runners.pauseRunner({ runnerId });
      const stop = runners.stopRunner({ runnerId, timeoutSeconds: 3600 });
      const other = runners.stopRunner({ runnerId, timeoutSeconds: 3600 });
      await seen(server, runnerId, Status.STOPPING);
      await runners.heartbeat({ runnerId, ended: true, exitCode: 143 });
      for (const { runner: stopped, method, endedProcesses } of [await stop, await other]) {
        expect(stopped).toMatchObject({
          status: Status.TERMINATED,
          exitCode: 143,
          reason: "stopped on request",
        });
        expect([method, endedProcesses]).toEqual([StopMethod.OWNER, []]);
      }
      const payload = await lastEvent(server, runnerId, EventType.RUNNER_STOPPED);
      expect(anyUnpack(payload, RunnerStoppedSchema)).toMatchObject({
        requested: true,
        method: StopMethod.OWNER,
      });
      const again = await runners.stopRunner({ runnerId });
      expect(again.method).toBe(StopMethod.UNSPECIFIED);
      expect(again.runner!.status).toBe(Status.TERMINATED);
    },
  );

  test("without its owner's word it ends when the time is up, or at once with force", async () => {
    const server = await opened();
    const { runners } = server;
    const runnerId = await heardExternal(server);
    const late = await runners.stopRunner({ runnerId, timeoutSeconds: 1 });
    expect(late.runner!.status).toBe(Status.TERMINATED);
    expect(late.runner!.reason).toContain("did not say within 1 s");
    expect(late.method).toBe(StopMethod.UNCONFIRMED);
    const another = await heardExternal(server);
    const waiting = runners.stopRunner({ runnerId: another, timeoutSeconds: 3600 });
    await seen(server, another, Status.STOPPING);
    const forced = await runners.stopRunner({ runnerId: another, force: true });
    expect(forced.runner!.reason).toContain("was not waited for");
    expect([forced.method, (await waiting).method]).toEqual([StopMethod.UNCONFIRMED, StopMethod.UNCONFIRMED]);
  });

  test("a stop goes on when its caller leaves", async () => {
    const server = await opened();
    const { runners } = server;
    const runnerId = await heardExternal(server);
    const left = failureOf(runners.stopRunner({ runnerId, timeoutSeconds: 1 }, { timeoutMs: 200 }));
    expect((await left).code).toBe(Code.DeadlineExceeded);
    expect(await statusOf(server, runnerId)).toBe(Status.STOPPING);
    const { runner: ended } = await runners.waitRunner({ runnerId });
    expect(ended).toMatchObject({ status: Status.TERMINATED });
  });

  test("many at once, deletion of one, and of its project", async () => {
    const server = await opened();
    const { runners, projects } = server;
    const ids = [await external(server), await heardExternal(server)];
    const { results } = await runners.batchStopRunners({ projectName: "web", timeoutSeconds: 1 });
    expect(new Set(results.map(({ runnerId }) => runnerId))).toEqual(new Set(ids));
    for (const { runner: stopped } of results) expect(stopped!.status).toBe(Status.TERMINATED);
    const runnerId = await heardExternal(server);
    expect((await failureOf(runners.deleteRunner({ runnerId }))).reason).toBe("RUNNER_LIVE");
    const deleted = runners.deleteRunner({ runnerId, force: true });
    await seen(server, runnerId, Status.STOPPING);
    await runners.heartbeat({ runnerId, ended: true });
    await deleted;
    expect((await failureOf(runners.getRunner({ runnerId }))).code).toBe(Code.NotFound);
    const left = await heardExternal(server);
    expect((await failureOf(projects.deleteProject({ name: "web" }))).reason).toBe("PROJECT_IN_USE");
    await projects.deleteProject({ name: "web", force: true });
    expect((await failureOf(runners.heartbeat({ runnerId: left }))).code).toBe(Code.NotFound);
  });
});

test("its owner sees that it is to pause and to go on; it cannot be frozen from here", async () => {
  const server = await opened();
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
  const server = await opened();
  const { runners } = server;
  const runnerId = await heardExternal(server);
  const labelled = await runners.updateRunner({ runnerId, metadata: { a: "b" } });
  expect(labelled.runner).toMatchObject({ metadata: { a: "b" }, warnings: [] });
  await runners.updateRunner({ runnerId, model: "big", maxTokens: 5 });
  const { runner: told } = await runners.heartbeat({ runnerId });
  expect(told).toMatchObject({ model: "big", maxTokens: 5, metadata: { a: "b" } });
  expect(told!.warnings.map((warning) => warning.split(" ")[0])).toEqual(["model", "max_tokens"]);
});
