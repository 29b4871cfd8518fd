import { constants } from "node:http2";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { EventType, RunnerService } from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import type { Reconnect } from "../../src/node/index.js";
import { testClient, testServer } from "../fixtures/cleanup.js";
import { EventLog } from "../fixtures/event-log.js";
import { serve } from "../fixtures/server.js";
import { until } from "../fixtures/until.js";

const routesOf = (log: EventLog) => (router: ConnectRouter) => {
  router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
};
const seqs = (ids: string[]) => ids.map((id) => Number(id.split("-")[1]));

describe("events()", () => {
  test("has no gap and no repeat over a server killed ten times while events are written", async () => {
    const log = new EventLog();
    log.repeats = 3;
    let server = await serve(routesOf(log));
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const reconnects: Reconnect[] = [];
    const events = client.runners.events(
      { fromStart: true },
      { reconnect: { maxDelayMs: 50 }, onReconnect: (reconnect) => reconnects.push(reconnect) },
    );
    const append = (count: number) => Array.from({ length: count }, () => log.append());
    append(100);
    const total = 1_050;
    const ids: string[] = [];
    for await (const event of events) {
      ids.push(event.eventId);
      expect(events.lastEventId).toBe(event.eventId);
      if (ids.length === total) break;
      if (ids.length % 100 === 50) append(20);
      if (ids.length % 100 === 70) {
        append(30);
        await server.kill();
        append(50);
        server = await serve(routesOf(log), { port: server.port });
      }
    }
    await server.kill();
    expect(seqs(ids)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    expect(reconnects.length).toBeGreaterThanOrEqual(10);
    for (const { error } of reconnects) expect(error.code).toBe(Code.Unavailable);
  });

  test("resumes from its bookmark when the connection is lost before the first event", async () => {
    const log = new EventLog();
    log.append();
    log.append();
    const server = await testServer(routesOf(log));
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events({}, { reconnect: { maxDelayMs: 20 } });
    const first = events.next();
    await until(() => events.lastEventId === "e1-2");
    await server.kill();
    const missed = log.append();
    await testServer(routesOf(log), { port: server.port });
    expect((await first).value?.eventId).toBe(missed.eventId);
    expect(log.requests.map((request) => [request.afterEventId, request.bookmarks])).toEqual([
      ["", true],
      ["e1-2", true],
    ]);
    await events.return();
  });

  test("hands out bookmarks only to those who asked", async () => {
    const log = new EventLog();
    const server = await testServer(routesOf(log));
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const asked = client.runners.events({ bookmarks: true });
    expect((await asked.next()).value?.eventType).toBe(EventType.BOOKMARK);
    await asked.return();
    const plain = client.runners.events({}, { reconnect: false });
    const first = plain.next();
    await until(() => log.open === 1 && log.requests.length === 2);
    log.append();
    expect((await first).value?.eventType).toBe(EventType.RUNNER_STARTED);
    expect(log.requests[1]?.bookmarks).toBe(false);
    await plain.return();
  });

  test("passes heartbeats on, which have no id, and keeps its position", async () => {
    const server = await testServer((router) => {
      router.rpc(RunnerService.method.streamRunnerEvents, async function* () {
        yield { eventId: "e1-7", eventType: EventType.RUNNER_UPDATED };
        yield { eventType: EventType.RUNNER_HEARTBEAT };
        yield { eventType: EventType.RUNNER_HEARTBEAT };
        throw new ConnectError("enough", Code.DataLoss);
      });
    });
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events();
    const types: EventType[] = [];
    const reading = (async () => {
      for await (const event of events) types.push(event.eventType);
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.DataLoss });
    expect(types).toEqual([EventType.RUNNER_UPDATED, EventType.RUNNER_HEARTBEAT, EventType.RUNNER_HEARTBEAT]);
    expect(events.lastEventId).toBe("e1-7");
  });

  test("fails with OUT_OF_RANGE when the log is another one, and does not try again", async () => {
    const log = new EventLog();
    const server = await testServer(routesOf(log));
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events({ afterEventId: "e0-3" });
    await expect(events.next()).rejects.toMatchObject({ code: Code.OutOfRange });
    expect(log.requests).toHaveLength(1);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test.each([
    Code.InvalidArgument,
    Code.Unauthenticated,
    Code.NotFound,
    Code.PermissionDenied,
    Code.ResourceExhausted,
    Code.Internal,
    Code.Aborted,
    Code.Canceled,
    Code.Unimplemented,
  ])("gives up on code %i from the server", async (code) => {
    let calls = 0;
    const server = await testServer((router) => {
      router.rpc(RunnerService.method.streamRunnerEvents, async function* () {
        calls += 1;
        yield { eventId: `e1-${calls}` };
        throw new ConnectError("no", code);
      });
    });
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events();
    await events.next();
    await expect(events.next()).rejects.toMatchObject({ code, rawMessage: expect.stringMatching(/^no\b/) });
    expect(calls).toBe(1);
  });

  test("comes back after UNAVAILABLE and after a clean end of the server's side", async () => {
    let calls = 0;
    const server = await testServer((router) => {
      router.rpc(RunnerService.method.streamRunnerEvents, async function* ({ afterEventId }) {
        calls += 1;
        const seq = Number(afterEventId.slice(3) || 0);
        yield { eventId: `e1-${seq + 1}` };
        if (calls === 1) throw new ConnectError("draining", Code.Unavailable);
      });
    });
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const ids: string[] = [];
    const attempts: number[] = [];
    const onReconnect = ({ attempt }: Reconnect) => attempts.push(attempt);
    for await (const event of client.runners.events({}, { onReconnect })) {
      if (ids.push(event.eventId) === 4) break;
    }
    expect(ids).toEqual(["e1-1", "e1-2", "e1-3", "e1-4"]);
    // Each connection made progress, so each wait is the shortest.
    expect(attempts).toEqual([1, 1, 1]);
  });

  test("with reconnect: false a lost connection is UNAVAILABLE", async () => {
    const log = new EventLog();
    const server = await testServer(routesOf(log));
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events({}, { reconnect: false });
    const first = events.next();
    await until(() => log.open === 1);
    await server.kill();
    await expect(first).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("reports a stream that the server reset for slow reading", async () => {
    const server = await testServer((router) => {
      router.rpc(RunnerService.method.streamRunnerEvents, async function* (_, { signal }) {
        yield { eventId: "e1-1" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
    });
    const client = testClient({ address: `127.0.0.1:${server.port}` });
    const events = client.runners.events({}, { reconnect: false });
    await events.next();
    server.reset(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await expect(events.next()).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining("read too slowly"),
    });
  });
});
