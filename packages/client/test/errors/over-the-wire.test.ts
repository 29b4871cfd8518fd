import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createStratavore } from "@stratavore/server";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as sdk from "../../src/index.js";

const { createClient } = sdk;
let server: Awaited<ReturnType<typeof createStratavore>>;
let baseUrl: string;
let count = 0;

beforeAll(async () => {
  server = await createStratavore({ dataDir: null, auth: "none" });
  const { addresses } = await server.listen(["127.0.0.1:0"]);
  baseUrl = `http://${addresses[0]}`;
  const { projects } = createClient({ transport: server.transport });
  await projects.create({ name: "web", path: "/", quota: { maxConcurrentRunners: 1 } });
  return () => server.close({ graceMs: 0 });
});

const transports: Record<string, () => sdk.Transport> = {
  "in process": () => server.transport,
  gRPC: () => createGrpcTransport({ baseUrl }),
  "gRPC-web": () => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect with JSON": () => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
};

/** What it fails with; it is an error if it does not. */
async function failed<E extends sdk.StratavoreError>(
  call: Promise<unknown>,
  type: new (...args: never[]) => E,
): Promise<E> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(type);
  return error as E;
}

describe.each(Object.keys(transports))("%s", (name) => {
  const connect = () => {
    const client = createClient({ transport: transports[name]!() });
    onTestFinished(() => client.close());
    return client;
  };

  test("what is not there", async () => {
    const error = await failed(connect().runners.get({ runnerId: "runner_x" }), sdk.NotFoundError);
    expect(error).toMatchObject({ reason: "RUNNER_NOT_FOUND", facts: { runner: "runner_x" } });
    expect(error.requestId).not.toBe("");
  });

  test("a field that breaks a rule, also by the raw client", async () => {
    const { runners, raw } = connect();
    const request = { projectName: "web", temperature: 3 };
    for (const call of [runners.create(request), raw.runners.createRunner(request)]) {
      const { fields } = await failed(call, sdk.InvalidArgumentError);
      expect(fields.map(({ field }) => field)).toEqual(["temperature"]);
    }
  });

  test("a quota", async () => {
    const { runners } = connect();
    const request = { projectName: "web", spec: { agent: "exec", args: ["sleep", "60"] } };
    const first = await runners.create(request);
    onTestFinished(async () => void (await runners.stop({ runnerId: first.id, force: true })));
    const error = await failed(runners.create(request), sdk.QuotaExceededError);
    expect(error).toMatchObject({
      subject: "project:web",
      quota: "max_concurrent_runners",
      limit: 1,
      used: 1,
    });
  });

  test.each([
    ["project", { maxTokensPerDay: 100n }, undefined],
    ["runner", undefined, { maxTokensPerDay: 100n }],
  ])("tokens of a %s that are used up", async (whose, ofProject, ofRunner) => {
    const { projects, runners, sessions } = connect();
    const projectName = `tokens-${++count}`;
    await projects.create({ name: projectName, path: "/", quota: ofProject });
    const runner = await runners.create({ projectName, quota: ofRunner, spec: { agent: "demo" } });
    onTestFinished(async () => void (await runners.stop({ runnerId: runner.id, force: true })));
    await runners.wait({ runnerId: runner.id, statuses: [sdk.RunnerStatus.RUNNING] });
    const { id: sessionId } = await sessions.create({ runnerId: runner.id });
    const { turn, cursor } = await sessions.send({ sessionId, text: "!usage 60 70 1000" });
    for await (const _ of sessions.stream({ sessionId, cursor, untilTurnId: turn.id }));
    const error = await failed(sessions.send({ sessionId, text: "more" }), sdk.QuotaExceededError);
    const subject = whose === "project" ? `project:${projectName}` : `runner:${runner.id}`;
    expect(error).toMatchObject({ subject, quota: "max_tokens_per_day", limit: 100, used: 130 });
  });

  test("a stream that cannot go on", async () => {
    const { runners } = connect();
    const afterEventId = "other-7";
    const error = await failed(runners.events({ afterEventId }).next(), sdk.OutOfRangeError);
    expect(error.afterEventId).toBe(afterEventId);
    // Where it says that the events begin, a stream can go on.
    const events = runners.events({
      afterEventId: error.oldestEventId,
      eventTypes: [sdk.EventType.PROJECT_CREATED],
    });
    expect((await events.next()).value?.projectName).toBe("web");
    await events.return();
  });

  test("a signal, a deadline, and a client that was closed", async () => {
    const client = connect();
    const wait = (options: sdk.CallOptions) => client.runners.events({}, options).next();
    await failed(wait({ signal: AbortSignal.abort() }), sdk.CanceledError);
    await failed(wait({ timeoutMs: 50 }), sdk.DeadlineExceededError);
    const slow = client.daemon.status({}, { signal: AbortSignal.abort(new Error("mine")) });
    await failed(slow, sdk.CanceledError);
    await client.close();
    await failed(client.daemon.status(), sdk.CanceledError);
    await failed(wait({}), sdk.CanceledError);
  });
});
