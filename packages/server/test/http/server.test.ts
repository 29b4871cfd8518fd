import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { authorize, grpcJsClient, transports } from "./fixture/clients.js";
import { EchoService } from "./fixture/echo-service.js";
import { echoLayer, listeningLayer, token } from "./fixture/layer.js";
import { rawConnection, rawRequest } from "./fixture/raw.js";

const watchPath = "/stratavore.v1.EchoService/Watch";

describe("close", () => {
  test.each(Object.entries(transports))("ends open streams and frees the port: %s", async (_, transport) => {
    const { layer, observed, url, port } = await listeningLayer();
    const client = createClient(EchoService, transport(url, [authorize()]));
    const stream = client.watch({ value: "" })[Symbol.asyncIterator]();
    await stream.next();
    const ended = stream.next().then(
      () => undefined,
      (error: unknown) => ConnectError.from(error),
    );
    await layer.close({ graceMs: 20 });
    expect(await ended).toBeInstanceOf(ConnectError);
    await vi.waitFor(() => expect(observed).toMatchObject({ watching: 0, aborted: 1 }));
    const successor = createServer().listen(port, "127.0.0.1");
    await once(successor, "listening");
    successor.close();
  });

  test("lets running calls finish, says GOAWAY at once and takes no new connection", async () => {
    const { layer, port, observed } = await listeningLayer();
    const session = await h2Session(port);
    const stream = session.request({
      ":path": watchPath,
      ":method": "POST",
      "content-type": "application/grpc",
      authorization: `Bearer ${token}`,
    });
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
    await once(stream, "data");
    const goaway = once(session, "goaway");
    const closed = layer.close({ graceMs: 60_000 });
    await goaway;
    const late = connectTcp(port, "127.0.0.1");
    expect(await once(late, "connect").catch((error) => error)).toMatchObject({ code: "ECONNREFUSED" });
    expect(observed).toMatchObject({ watching: 1, aborted: 0 });
    stream.close();
    await closed;
  });

  test("finishes what has begun on an HTTP/1.1 connection and answers what follows with UNAVAILABLE", async () => {
    const { layer, port } = await listeningLayer();
    const { socket, received, closed } = rawConnection(port);
    const call = [
      "POST /stratavore.v1.EchoService/Echo HTTP/1.1",
      `host: localhost:${port}`,
      "content-type: application/json",
      `authorization: Bearer ${token}`,
      "content-length: 7",
      "expect: 100-continue",
      "",
      "",
    ].join("\r\n");
    socket.write(call);
    await vi.waitFor(() => expect(received()).toContain("100 Continue"));
    const done = layer.close({ graceMs: 60_000 });
    socket.write(`"first"${call}"later"`);
    await closed;
    await done;
    expect(received()).toMatch(
      /200 OK[\s\S]*"first"[\s\S]*503 Service Unavailable[\s\S]*"code":"unavailable"/,
    );
  });

  test("does not wait for idle and undecided connections", async () => {
    const { layer, port } = await listeningLayer();
    const idle = rawConnection(port);
    idle.socket.write(`GET /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`);
    await vi.waitFor(() => expect(idle.received()).toContain("405"));
    const undecided = rawConnection(port);
    undecided.socket.write("P");
    await h2Session(port);
    await layer.close({ graceMs: 60_000 });
    await Promise.all([idle.closed, undecided.closed]);
  });

  test("is cut short by a second call, and refuses to listen again", async () => {
    const { layer, url, observed } = await listeningLayer();
    const client = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, [authorize()]));
    const stream = client.watch({ value: "" })[Symbol.asyncIterator]();
    await stream.next();
    stream.next().catch(() => undefined);
    const first = layer.close({ graceMs: 60_000 });
    expect(observed.watching).toBe(1);
    await layer.close({ graceMs: 0 });
    await first;
    await expect(layer.listen(["127.0.0.1:0"])).rejects.toThrow(/has been closed/);
  });
});

test("a closed layer keeps no process alive", async () => {
  const folder = await mkdtemp(join(tmpdir(), "layer-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const fixture = (name: string) => fileURLToPath(new URL(`fixture/${name}`, import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", fixture("typescript-hooks.mjs"), fixture("open-and-close.ts"), join(folder, "s.sock")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  expect(output).toBe("closed\n");
});

describe("a client that goes away", () => {
  test.each(Object.entries(transports))("aborts its handler: %s", async (_, transport) => {
    const { observed, url } = await listeningLayer();
    const client = createClient(EchoService, transport(url, [authorize()]));
    const abort = new AbortController();
    const stream = client.watch({ value: "" }, { signal: abort.signal })[Symbol.asyncIterator]();
    await stream.next();
    expect(observed).toEqual({ watching: 1, aborted: 0 });
    abort.abort();
    await stream.next().catch(() => undefined);
    await vi.waitFor(() => expect(observed).toEqual({ watching: 0, aborted: 1 }));
  });
});

describe("limits", () => {
  test("an HTTP/2 connection nobody uses is closed, one with a silent stream is not", async () => {
    const { port, url } = await listeningLayer({ limits: { idleMs: 100 } });
    const client = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, [authorize()]));
    const stream = client.watch({ value: "" })[Symbol.asyncIterator]();
    await stream.next();
    let ended = false;
    stream.next().catch(() => {
      ended = true;
    });
    await once(await h2Session(port), "close");
    await once(await h2Session(port), "close");
    expect(ended).toBe(false);
  });

  test("a peer that is gone without a word is found by a ping, one that answers is kept", async () => {
    const { port, observed } = await listeningLayer({ limits: { pingAfterMs: 40, pingTimeoutMs: 40 } });
    const alive = await h2Session(port);
    let pings = 0;
    alive.on("ping", () => {
      pings += 1;
    });
    const gone = rawConnection(port);
    gone.socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
    await gone.closed;
    await vi.waitFor(() => expect(pings).toBeGreaterThan(3));
    expect(alive.destroyed).toBe(false);
    expect(observed.watching).toBe(0);
  });

  test("a stream that its client does not read is reset, and the others on the connection go on", async () => {
    const { port, observed } = await listeningLayer({ limits: { blockedMs: 100 } });
    const session = await h2Session(port);
    const headers = {
      ":method": "POST",
      "content-type": "application/grpc",
      authorization: `Bearer ${token}`,
    };
    const call = (path: string) => {
      const stream = session.request({ ":path": path, ...headers });
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
      return stream;
    };
    const silent = call(watchPath);
    await once(silent, "data");
    const flood = call("/stratavore.v1.EchoService/Flood");
    flood.pause();
    const [error] = await once(flood, "error");
    expect(String(error)).toContain("ENHANCE_YOUR_CALM");
    expect(flood.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await vi.waitFor(() => expect(observed).toEqual({ watching: 1, aborted: 1 }));
    expect(silent.closed).toBe(false);
  });

  test("so is an HTTP/1.1 connection", async () => {
    const { port, observed } = await listeningLayer({ limits: { blockedMs: 100 } });
    const { socket } = rawConnection(port);
    socket.pause();
    const lines = [
      "content-type: application/connect+json",
      `authorization: Bearer ${token}`,
      "content-length: 7",
    ];
    const flood = "POST /stratavore.v1.EchoService/Flood HTTP/1.1";
    socket.write([flood, `host: localhost:${port}`, ...lines, "", '\0\0\0\0\x02""'].join("\r\n"));
    await vi.waitFor(() => expect(observed).toEqual({ watching: 0, aborted: 1 }), 4_000);
  });

  test("at the maximum of connections the one idle for longest makes room for the next", async () => {
    const { port, url } = await listeningLayer({ limits: { maxConnections: 3 } });
    const busy = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, [authorize()]));
    const stream = busy.watch({ value: "" })[Symbol.asyncIterator]();
    await stream.next();
    let ended = false;
    stream.next().catch(() => {
      ended = true;
    });
    const first = await h2Session(port);
    const second = await h2Session(port);
    const firstClosed = once(first, "close");
    expect(await rawRequest(port, ["GET / HTTP/1.1", `host: localhost:${port}`])).toMatch(/^HTTP\/1\.1 401/);
    await firstClosed;
    expect(second.destroyed).toBe(false);
    expect(ended).toBe(false);
  });

  test("a flood of stream resets ends its connection, and others are served", async () => {
    const { port } = await listeningLayer();
    const session = await h2Session(port);
    const closed = new Promise((resolve) => session.once("close", resolve));
    for (let sent = 0; sent < 1_100 && !session.destroyed; sent++) {
      const stream = session.request({ ":path": "/grpc.health.v1.Health/Check", ":method": "POST" });
      stream.on("error", () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      if (sent % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(await grpcJsClient(`127.0.0.1:${port}`).unary("/grpc.health.v1.Health/Check", "")).toBe("serving");
  });
});

describe("mounted in a host application", () => {
  async function hostApp(mounted: { credential?: boolean; origin?: boolean } = {}) {
    const { layer } = echoLayer({ mounted, services: ["stratavore.v1.EchoService"] });
    const server = createServer(layer.handler).listen(0, "127.0.0.1");
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }
  const ask = (url: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/EchoService/WhoAmI`, {
      method: "POST",
      body: '""',
      headers: { "content-type": "application/json", ...headers },
    });

  test("asks for no credential and any Host will do, but foreign pages are refused", async () => {
    const url = await hostApp();
    const answer = await ask(url);
    expect(JSON.parse((await answer.json()) as string)).toEqual({
      transport: "host",
      remoteAddress: "127.0.0.1",
      authenticatedBy: "none",
    });
    expect((await ask(url, { origin: url })).status).toBe(200);
    expect((await ask(url, { origin: "https://evil.example" })).status).toBe(403);
  });

  test("checks what its options say", async () => {
    const url = await hostApp({ credential: true, origin: false });
    expect((await ask(url)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}`, origin: "https://evil.example" };
    expect((await ask(url, headers)).status).toBe(200);
  });
});

async function h2Session(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}
