import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  EventType,
  type RunnerEvent,
  RunnerFailedSchema,
  RunnerStoppedSchema,
  RunnerStatus as Status,
  StopMethod,
} from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { external, heardExternal, seen, withProject } from "./fixture/external.js";
import { failureOf } from "./fixture/failure.js";
import type { Opened } from "./fixture/stratavore.js";

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

describe("the end that its owner tells", () => {
  test.each([
    [{}, Status.TERMINATED, undefined, "its owner says that it ended"],
    [{ exitCode: 0 }, Status.TERMINATED, 0, "its owner says that it ended with exit code 0"],
    [{ exitCode: 3 }, Status.FAILED, 3, "its owner says that it ended with exit code 3"],
    [{ error: "the GPU is gone" }, Status.FAILED, undefined, "the GPU is gone"],
  ])("%o", async (word, status, exitCode, reason) => {
    const server = await withProject();
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
    const server = await withProject();
    const runnerId = await heardExternal(server);
    const say = (exitCode: number) => server.runners.heartbeat({ runnerId, ended: true, exitCode });
    const first = await say(3);
    expect(await say(0)).toEqual(first);
  });
});

describe("stops", () => {
  test("one that was never heard of ends at once", async () => {
    const server = await withProject();
    const runnerId = await external(server);
    const { runner: stopped, method } = await server.runners.stopRunner({ runnerId, timeoutSeconds: 3600 });
    expect(stopped).toMatchObject({ status: Status.TERMINATED, external: true });
    expect(stopped!.reason).toContain("never heard of");
    expect(method).toBe(StopMethod.UNCONFIRMED);
  });

  test.each([Status.RUNNING, Status.PAUSED])(
    "its owner sees STOPPING and says when it has ended (%i)",
    async (from) => {
      const server = await withProject();
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
    const server = await withProject();
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
    const server = await withProject();
    const { runners } = server;
    const runnerId = await heardExternal(server);
    const caller = new AbortController();
    const call = runners.stopRunner({ runnerId, timeoutSeconds: 2 }, { signal: caller.signal });
    const left = failureOf(call);
    await seen(server, runnerId, Status.STOPPING);
    caller.abort();
    expect((await left).code).toBe(Code.Canceled);
    const { runner: ended } = await runners.waitRunner({ runnerId });
    expect(ended).toMatchObject({ status: Status.TERMINATED });
    expect(ended!.reason).toContain("did not say within 2 s");
  });

  test("many at once, deletion of one, and of its project", async () => {
    const server = await withProject();
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
