import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type CreateRunnerRequest,
  CreateRunnerRequestSchema,
  DaemonService,
  RunnerService,
  SessionService,
} from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { testClient, testServer } from "./fixtures/cleanup.js";

const unavailable = () => new ConnectError("starting", Code.Unavailable);

/** A server whose CreateRunner fails as often as told, and a client of it. */
async function failing(times: number, error: () => Error = unavailable) {
  const requests: CreateRunnerRequest[] = [];
  const server = await testServer((router) => {
    router.rpc(RunnerService.method.createRunner, (request) => {
      requests.push(request);
      if (requests.length <= times) throw error();
      return { runner: { id: "runner_1" } };
    });
  });
  return { requests, address: `127.0.0.1:${server.port}` };
}

describe("a mutation", () => {
  test("is repeated on UNAVAILABLE with the same request_id", async () => {
    const { requests, address } = await failing(2);
    const runner = await testClient({ address }).runners.create({ projectName: "p" });
    expect(runner.id).toBe("runner_1");
    expect(requests).toHaveLength(3);
    expect(requests[0]?.requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(1);
    expect(requests.every(({ projectName }) => projectName === "p")).toBe(true);
  });

  test("keeps the caller's request_id, and each call has one of its own", async () => {
    const { requests, address } = await failing(0);
    const client = testClient({ address });
    await client.runners.create({ projectName: "p", requestId: "mine" });
    await client.runners.create({ projectName: "p" });
    await client.raw.runners.createRunner(create(CreateRunnerRequestSchema, { projectName: "p" }));
    expect(requests[0]?.requestId).toBe("mine");
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(3);
  });

  test("leaves the caller's message as it was", async () => {
    const { address } = await failing(0);
    const request = create(CreateRunnerRequestSchema, { projectName: "p" });
    await testClient({ address }).runners.create(request);
    expect(request.requestId).toBe("");
  });

  test("is tried five times, or as often as told, or once", async () => {
    for (const [retry, calls] of [
      [undefined, 5],
      [{ attempts: 2 }, 2],
      [false, 1],
    ] as const) {
      const { requests, address } = await failing(99);
      await expect(testClient({ address, retry }).runners.create({})).rejects.toMatchObject({
        code: Code.Unavailable,
        rawMessage: "starting",
      });
      expect(requests).toHaveLength(calls);
    }
  });

  test.each([Code.InvalidArgument, Code.Aborted, Code.Internal, Code.ResourceExhausted, Code.Canceled])(
    "is not repeated on code %i",
    async (code) => {
      const { requests, address } = await failing(99, () => new ConnectError("no", code));
      await expect(testClient({ address }).runners.create({})).rejects.toMatchObject({ code });
      expect(requests).toHaveLength(1);
    },
  );

  test("is not repeated when the server's own words sound like a lost connection", async () => {
    const words = "http/2 stream closed with error code CANCEL (0x8)";
    const { requests, address } = await failing(99, () => new ConnectError(words, Code.Internal));
    await expect(testClient({ address }).runners.create({})).rejects.toMatchObject({ code: Code.Internal });
    expect(requests).toHaveLength(1);
  });

  test("is repeated within its time", async () => {
    const { requests, address } = await failing(1);
    await testClient({ address }).runners.create({}, { timeoutMs: 30_000 });
    expect(requests).toHaveLength(2);
  });

  test("is not repeated after its signal or its time", async () => {
    const { requests, address } = await failing(99);
    const client = testClient({ address });
    const { code } = await client.runners.create({}, { timeoutMs: 60 }).catch((error) => error);
    // The time can be over during the first call, or in the pause after it.
    expect([Code.Unavailable, Code.DeadlineExceeded]).toContain(code);
    const controller = new AbortController();
    const { promise: called, resolve } = Promise.withResolvers<void>();
    const blocking = await testServer((router) => {
      router.rpc(RunnerService.method.createRunner, () => {
        resolve();
        return new Promise(() => {});
      });
    });
    const call = testClient({ address: `127.0.0.1:${blocking.port}` }).runners.create(
      {},
      { signal: controller.signal },
    );
    await called;
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    expect(requests.length).toBeLessThanOrEqual(2);
  });
});

test("a call whose connection breaks before the answer is repeated, and its answer comes once", async () => {
  const ids: string[] = [];
  const server = await testServer((router) => {
    router.rpc(SessionService.method.sendMessage, async ({ requestId }) => {
      ids.push(requestId);
      if (ids.length === 1) {
        server.disconnect();
        await new Promise(() => {});
      }
      return { turn: { id: "turn_1" }, cursor: "0.0" };
    });
  });
  const client = testClient({ address: `127.0.0.1:${server.port}` });
  const { turn, cursor } = await client.sessions.send({ sessionId: "s", text: "Hello" });
  expect([turn.id, cursor]).toEqual(["turn_1", "0.0"]);
  expect(ids).toHaveLength(2);
  expect(ids[0]).toBe(ids[1]);
});

test("reads are repeated, a backup is not", async () => {
  const calls = { status: 0, backup: 0 };
  const server = await testServer((router) => {
    router.rpc(DaemonService.method.getStatus, () => {
      calls.status += 1;
      if (calls.status === 1) throw unavailable();
      return {};
    });
    router.rpc(DaemonService.method.createBackup, () => {
      calls.backup += 1;
      throw unavailable();
    });
  });
  const client = testClient({ address: `127.0.0.1:${server.port}` });
  await client.daemon.status();
  await expect(client.daemon.backup()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(calls).toEqual({ status: 2, backup: 1 });
});
