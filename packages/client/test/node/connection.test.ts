import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { DaemonService, RunnerService } from "@stratavore/proto";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory, testClient, testServer } from "../fixtures/cleanup.js";
import { EventLog } from "../fixtures/event-log.js";
import { until } from "../fixtures/until.js";

/** Answers GetStatus with a version, and notes the headers it was asked with. */
function status(version: string, asked: Headers[] = []) {
  return (router: ConnectRouter) => {
    router.rpc(DaemonService.method.getStatus, (_, context) => {
      asked.push(context.requestHeader);
      return { daemonStatus: { version } };
    });
  };
}

const versionOf = async (client: ReturnType<typeof testClient>) =>
  (await client.daemon.status()).daemonStatus?.version;

test("reaches a unix socket that the data directory names, without a credential", async () => {
  const dataDir = await temporaryDirectory();
  const socket = join(dataDir, "api.sock");
  await writeFile(join(dataDir, "credential"), "secret", { mode: 0o600 });
  await writeFile(join(dataDir, "daemon.json"), JSON.stringify({ addresses: [], socket }));
  const asked: Headers[] = [];
  await testServer(status("by socket", asked), { path: socket });
  expect(await versionOf(testClient({ dataDir }))).toBe("by socket");
  expect(await versionOf(testClient({ address: `unix:${socket}` }))).toBe("by socket");
  expect(asked.map((headers) => headers.get("authorization"))).toEqual([null, null]);
});

test("sends the credential that belongs to the port, and no wish for compression on this machine", async () => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, "credential"), "secret\n", { mode: 0o600 });
  const asked: Headers[] = [];
  const server = await testServer(status("1", asked));
  await testClient({ address: `localhost:${server.port}`, dataDir }).daemon.status();
  expect(asked[0]?.get("authorization")).toBe("Bearer secret");
  expect(asked[0]?.get("grpc-accept-encoding")).toBeNull();
});

test("asks a token's provider before each call, and leaves the caller's own header alone", async () => {
  const asked: Headers[] = [];
  const server = await testServer(status("1", asked));
  let count = 0;
  const client = testClient({ address: `127.0.0.1:${server.port}`, token: async () => `t${++count}` });
  await client.daemon.status();
  await client.daemon.status();
  await client.daemon.status({}, { headers: { Authorization: "Bearer mine" } });
  expect(asked.map((headers) => headers.get("authorization"))).toEqual([
    "Bearer t1",
    "Bearer t2",
    "Bearer mine",
  ]);
});

test("finds a daemon again that came back with another port and credential", async () => {
  const dataDir = await temporaryDirectory();
  const note = async (port: number, credential: string) => {
    await writeFile(join(dataDir, "credential"), credential, { mode: 0o600 });
    await writeFile(
      join(dataDir, "daemon.json"),
      JSON.stringify({ addresses: [`127.0.0.1:${port}`], socket: null }),
    );
  };
  const asked: Headers[] = [];
  const first = await testServer(status("first", asked));
  await note(first.port, "one");
  const client = testClient({ dataDir });
  expect(await versionOf(client)).toBe("first");
  await first.kill();
  const second = await testServer(status("second", asked));
  await note(second.port, "two");
  expect(await versionOf(client)).toBe("second");
  expect(asked.map((headers) => headers.get("authorization"))).toEqual(["Bearer one", "Bearer two"]);
});

describe("a refused connection is UNAVAILABLE and says where and what to do", () => {
  test.each([
    ["localhost:1", "stratavore daemon start --listen localhost:1"],
    ["unix:/nowhere/s.sock", "stratavore daemon start"],
  ])("at %s", async (address, command) => {
    const client = testClient({ address, retry: false });
    await expect(client.daemon.status()).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(
        new RegExp(`at ${address} \\(E\\w+\\); is the daemon running\\? Start it with \`${command}\``),
      ),
    });
  });

  test("at another machine, without a command", async () => {
    const client = testClient({ address: "no-such-host.invalid:7", retry: false });
    await expect(client.daemon.status()).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(/at no-such-host\.invalid:7 \(\w+\); check the address/),
    });
  });

  test("when nothing answers in time", async () => {
    const address = await silentServer();
    const client = testClient({
      address,
      tls: {},
      connectTimeoutMs: 50,
      retry: false,
    });
    await expect(client.daemon.status()).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining("no answer"),
    });
  });
});

test("a malformed address is refused at once", () => {
  expect(() => testClient({ address: "http://localhost:1/path" })).toThrow(
    expect.objectContaining({ code: Code.InvalidArgument }),
  );
});

test("a credential that others can open is refused without a call", async () => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, "credential"), "secret", { mode: 0o644 });
  const asked: Headers[] = [];
  const server = await testServer(status("1", asked));
  const client = testClient({ address: `127.0.0.1:${server.port}`, dataDir });
  await expect(client.daemon.status()).rejects.toMatchObject({ code: Code.FailedPrecondition });
  expect(asked).toHaveLength(0);
});

test("a stream on a server that winds down lives on, and close() ends it", async () => {
  const log = new EventLog();
  const server = await testServer((router) => {
    router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
    router.rpc(RunnerService.method.waitRunner, () => new Promise(() => {}));
    status("1")(router);
  });
  const client = testClient({ address: `127.0.0.1:${server.port}`, retry: false });
  const events = client.runners.events({}, { reconnect: false });
  const first = events.next();
  const wait = client.runners.wait({ runnerId: "runner_1" });
  await until(() => log.open === 1);
  await client.daemon.status();
  server.drain();
  // Once two new connections were refused, the client keeps the old one for what is in flight only.
  for (let refused = 0; refused < 2; ) {
    await client.daemon.status().catch((error: Error) => {
      if (error.message.includes("no connection")) refused += 1;
    });
  }
  const event = log.append();
  expect((await first).value?.eventId).toBe(event.eventId);
  const second = events.next();
  await client.close();
  await expect(second).rejects.toMatchObject({ code: Code.Canceled });
  await expect(wait).rejects.toMatchObject({ code: Code.Canceled });
  await until(() => log.open === 0);
});

test("notices a peer that went silent, by its pings, and resumes elsewhere", async () => {
  const log = new EventLog();
  const server = await testServer((router) => {
    router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
  });
  const proxy = await freezableProxy(server.port);
  const client = testClient({
    address: `127.0.0.1:${proxy.port}`,
    pingIntervalMs: 50,
    pingTimeoutMs: 100,
  });
  const events = client.runners.events({ fromStart: true }, { reconnect: { maxDelayMs: 20 } });
  log.append();
  await events.next();
  proxy.freeze();
  const next = events.next();
  const event = log.append();
  expect((await next).value?.eventId).toBe(event.eventId);
  expect(log.requests).toHaveLength(2);
});

/** Accepts connections and says nothing. */
async function silentServer(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Passes bytes on, until it is frozen: then those of the connections it has are swallowed. */
async function freezableProxy(target: number): Promise<{ port: number; freeze(): void }> {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    pairs.push([near, far]);
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      }
    },
  };
}
