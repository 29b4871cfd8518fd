import { createClient } from "@connectrpc/connect";
import { describe, expect, test, vi } from "vitest";
import { authorize, grpcJsClient, transports } from "./fixture/clients.js";
import { EchoService } from "./fixture/echo-service.js";
import { listeningLayer, token } from "./fixture/layer.js";
import { rawConnection, rawRequest } from "./fixture/raw.js";

describe("one port", () => {
  test("answers every protocol on every HTTP version", async () => {
    const { url, port } = await listeningLayer();
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(EchoService, transport(url, [authorize()]));
      expect((await client.echo({ value: name })).value, name).toBe(name);
      const abort = new AbortController();
      for await (const { value } of client.watch({ value: name }, { signal: abort.signal })) {
        expect(value, name).toBe(`watching ${name}`);
        break;
      }
    }
    const grpcJs = grpcJsClient(`127.0.0.1:${port}`);
    expect(await grpcJs.unary("/stratavore.v1.EchoService/Echo", "grpc-js", `Bearer ${token}`)).toBe(
      "grpc-js",
    );
  });

  test("carries large messages in both directions", async () => {
    const { url } = await listeningLayer();
    const value = "x".repeat(3 * 1024 * 1024);
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(EchoService, transport(url, [authorize()]));
      expect((await client.echo({ value })).value.length, name).toBe(value.length);
    }
  });
});

describe("the first bytes", () => {
  test("may come one at a time, HTTP/1.1", async () => {
    const { port } = await listeningLayer();
    const { socket, received, closed } = rawConnection(port);
    const request = [
      "POST /grpc.health.v1.Health/Check HTTP/1.1",
      `host: localhost:${port}`,
      "content-type: application/json",
      "content-length: 4",
      "connection: close",
      "",
      '"hi"',
    ].join("\r\n");
    await sendByteByByte(socket, Buffer.from(request));
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*"serving"$/);
  });

  test("may come one at a time, HTTP/2", async () => {
    const { port } = await listeningLayer();
    const { socket, received } = rawConnection(port);
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, ...Buffer.from("pingpong")]);
    await sendByteByByte(
      socket,
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings, ping]),
    );
    const ack = Buffer.from([0, 0, 8, 6, 1, 0, 0, 0, 0, ...Buffer.from("pingpong")]).toString("latin1");
    await vi.waitFor(() => expect(received()).toContain(ack));
  });

  test("that start like HTTP/2 and go on otherwise end the connection", async () => {
    const { port } = await listeningLayer();
    const { socket, closed, received } = rawConnection(port);
    socket.write("PRIME / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await closed;
    expect(received()).not.toContain("HTTP/1.1 200");
    // Of a method that shares two letters with the preface HTTP/1.1 has the word.
    expect(await rawRequest(port, [`PROPFIND / HTTP/1.1`, `host: localhost:${port}`])).toMatch(
      /^HTTP\/1\.1 401/,
    );
  });

  test("of a TLS client get a short answer and no crash", async () => {
    const { port, url } = await listeningLayer();
    const { socket, closed } = rawConnection(port);
    socket.write(Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]));
    await closed;
    expect((await fetch(url)).status).toBe(401);
  });

  test.each([
    ["nothing at all", ""],
    ["part of the preface", "PR"],
    ["the preface without settings", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["an unfinished header", "GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "],
  ])("have a deadline: %s", async (_, bytes) => {
    const { port } = await listeningLayer({ limits: { firstBytesMs: 150 } });
    const { socket, closed } = rawConnection(port);
    if (bytes !== "") socket.write(bytes);
    await closed;
  });

  test("that came in time leave no deadline behind", async () => {
    const { port, url } = await listeningLayer({ limits: { firstBytesMs: 100 } });
    const client = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, [authorize()]));
    const stream = client.watch({ value: "on" })[Symbol.asyncIterator]();
    await stream.next();
    let ended = false;
    stream.next().catch(() => {
      ended = true;
    });
    const slowCall = rawConnection(port);
    const call = ["POST /stratavore.v1.EchoService/Watch HTTP/1.1", `host: localhost:${port}`];
    const headers = [
      "content-type: application/connect+json",
      "content-length: 7",
      `authorization: Bearer ${token}`,
    ];
    slowCall.socket.write([...call, ...headers, "", '\0\0\0\0\x02""'].join("\r\n"));
    await vi.waitFor(() => expect(slowCall.received()).toContain("watching"));
    // Their deadlines are over when those of connections made later are.
    await rawConnection(port).closed;
    await rawConnection(port).closed;
    expect(ended).toBe(false);
    expect(slowCall.socket.destroyed).toBe(false);
  });
});

test("a header over the limit is refused on both HTTP versions", async () => {
  const { port, url } = await listeningLayer({ limits: { maxHeaderBytes: 4096 } });
  const answer = await rawRequest(port, [
    "GET / HTTP/1.1",
    `host: localhost:${port}`,
    `x-big: ${"x".repeat(5000)}`,
  ]);
  expect(answer).toMatch(/^HTTP\/1\.1 431/);
  const client = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, [authorize()]));
  await client.echo({ value: "small" });
  await expect(client.echo({ value: "" }, { headers: { "x-big": "x".repeat(5000) } })).rejects.toThrow();
  expect((await client.echo({ value: "after" })).value).toBe("after");
});

async function sendByteByByte(socket: import("node:net").Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    await new Promise<void>((resolve, reject) =>
      socket.write(Buffer.of(byte), (error) => (error ? reject(error) : resolve())),
    );
    // A turn of the loop makes each byte a segment of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
