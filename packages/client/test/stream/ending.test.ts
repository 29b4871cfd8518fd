import { Code } from "@connectrpc/connect";
import { RunnerService } from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { createClient } from "../../src/node/index.js";
import { testClient, testServer } from "../fixtures/cleanup.js";
import { EventLog } from "../fixtures/event-log.js";
import { until } from "../fixtures/until.js";

async function watched() {
  const log = new EventLog();
  const server = await testServer((router) => {
    router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
  });
  return { log, server, address: `127.0.0.1:${server.port}` };
}

describe("a stream ends on both sides", () => {
  test("by break", async () => {
    const { log, address } = await watched();
    log.append();
    for await (const _ of testClient({ address }).runners.events({ fromStart: true })) {
      expect(log.open).toBe(1);
      break;
    }
    await until(() => log.open === 0);
  });

  test("by its signal, and fails with CANCELLED", async () => {
    const { log, address } = await watched();
    const controller = new AbortController();
    const next = testClient({ address }).runners.events({}, { signal: controller.signal }).next();
    await until(() => log.open === 1);
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: Code.Canceled });
    await until(() => log.open === 0);
  });

  test("by a signal that was aborted before, without a call", async () => {
    const { log, address } = await watched();
    const events = testClient({ address }).runners.events({}, { signal: AbortSignal.abort() });
    await expect(events.next()).rejects.toMatchObject({ code: Code.Canceled });
    expect(log.requests).toHaveLength(0);
  });

  test("by return() while a read waits", async () => {
    const { log, address } = await watched();
    const events = testClient({ address }).runners.events();
    const next = events.next();
    await until(() => log.open === 1);
    await events.return();
    expect(await next).toEqual({ done: true, value: undefined });
    await until(() => log.open === 0);
  });

  test("by the signal while it waits to reconnect", async () => {
    const { log, server, address } = await watched();
    const controller = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const next = testClient({ address })
      .runners.events({}, { signal: controller.signal, onReconnect: () => waiting.resolve() })
      .next();
    await until(() => log.open === 1);
    await server.kill();
    await waiting.promise;
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: Code.Canceled });
  });

  test("by timeoutMs, counted over all of its connections", async () => {
    const { log, server, address } = await watched();
    const events = testClient({ address }).runners.events({}, { timeoutMs: 400 });
    const next = events.next();
    await until(() => log.open === 1);
    await server.kill();
    await expect(next).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("by close(), and fails with CANCELLED", async () => {
    const { log, address } = await watched();
    const client = createClient({ address });
    const events = client.runners.events();
    const next = events.next();
    await until(() => log.open === 1);
    await client.close();
    await expect(next).rejects.toMatchObject({ code: Code.Canceled, rawMessage: "the client is closed" });
    await until(() => log.open === 0);
    await expect(client.runners.events().next()).rejects.toMatchObject({ code: Code.Canceled });
    await expect(client.daemon.status()).rejects.toMatchObject({ code: Code.Canceled });
  });
});

test("a stream that never got through gives up", async () => {
  const { server, address } = await watched();
  await server.kill();
  const attempts: number[] = [];
  const events = testClient({ address }).runners.events(
    {},
    { reconnect: { maxDelayMs: 5 }, onReconnect: ({ attempt }) => attempts.push(attempt) },
  );
  await expect(events.next()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(attempts).toEqual([1, 2, 3, 4]);
});
