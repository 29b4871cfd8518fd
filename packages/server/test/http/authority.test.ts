import { connect } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { authoritiesOf } from "../../src/http/authority.js";
import { listeningLayer, token } from "./fixture/layer.js";
import { rawRequest } from "./fixture/raw.js";

describe("authoritiesOf", () => {
  test("is the loopback names with the listener's port", () => {
    expect([...authoritiesOf("127.0.0.1", 50051, [])].sort()).toEqual([
      "127.0.0.1:50051",
      "[::1]:50051",
      "localhost:50051",
    ]);
  });

  test("adds the listener's own host, and none for a wildcard", () => {
    expect(authoritiesOf("192.0.2.1", 1, []).has("192.0.2.1:1")).toBe(true);
    expect([...authoritiesOf("0.0.0.0", 1, [])]).toEqual([...authoritiesOf("127.0.0.1", 1, [])]);
  });

  test("leaves the port out where it is HTTP's own", () => {
    expect(authoritiesOf("::1", 80, []).has("localhost")).toBe(true);
    expect(authoritiesOf("::1", 80, []).has("[::1]")).toBe(true);
    expect(authoritiesOf("::1", 81, []).has("localhost")).toBe(false);
  });

  test("takes configured names with and without a port", () => {
    const names = authoritiesOf("127.0.0.1", 50051, ["Box.example", "proxy.example:8443", "2001:db8::1"]);
    expect([...names]).toEqual(
      expect.arrayContaining([
        "box.example",
        "box.example:50051",
        "proxy.example:8443",
        "[2001:db8::1]",
        "[2001:db8::1]:50051",
      ]),
    );
    expect(names.has("proxy.example")).toBe(false);
  });
});

const health = "/grpc.health.v1.Health/Check";
const refused = (port: number) => [
  "evil.example",
  `evil.example:${port}`,
  "localhost",
  `localhost:${port + 1}`,
  `localhost.evil.example:${port}`,
  `localhost.:${port}`,
  `127.0.0.1.nip.io:${port}`,
];

describe("a request with the wrong Host", () => {
  test("gets 403 and a sentence over HTTP/1.1, even where no credential is needed", async () => {
    const { port } = await listeningLayer();
    for (const host of [...refused(port), `user@localhost:${port}`]) {
      const answer = await rawRequest(port, [`GET ${health} HTTP/1.1`, `host: ${host}`]);
      expect(answer, host).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*does not answer to the host/);
    }
    expect(await rawRequest(port, [`GET ${health} HTTP/1.1`])).toMatch(
      /^HTTP\/1\.1 403[\s\S]*no Host header/,
    );
    expect(await rawRequest(port, [`GET ${health} HTTP/1.0`])).toMatch(
      /^HTTP\/1\.1 403[\s\S]*no Host header/,
    );
  });

  test("gets 403 over HTTP/2, in :authority and in host", async () => {
    const { port } = await listeningLayer();
    for (const host of refused(port)) {
      expect((await h2Request(port, { ":authority": host })).status, host).toBe(403);
      expect((await h2Request(port, { ":authority": `localhost:${port}`, host })).status, host).toBe(403);
    }
    const answer = await h2Request(port, {
      ":authority": "evil.example",
      "content-type": "application/grpc",
    });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('does not answer to the host "evil.example"');
  });

  test("is answered under each right name", async () => {
    const { port } = await listeningLayer({ allowedHosts: ["box.example"] });
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, "box.example"]) {
      expect(await rawRequest(port, [`GET ${health} HTTP/1.1`, `host: ${host}`]), host).toMatch(
        /^HTTP\/1\.1 405/,
      );
      expect((await h2Request(port, { ":authority": host })).status, host).toBe(405);
    }
  });

  test("in its target, beside a right Host, gets 400", async () => {
    const { port } = await listeningLayer();
    const lines = [
      `GET http://evil.example/ HTTP/1.1`,
      `host: localhost:${port}`,
      `authorization: Bearer ${token}`,
    ];
    expect(await rawRequest(port, lines)).toMatch(/^HTTP\/1\.1 400/);
  });
});

async function h2Request(port: number, headers: Record<string, string>) {
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": health, ...headers });
  stream.end();
  const [response] = await new Promise<[Record<string, unknown>]>((resolve, reject) => {
    stream.once("response", (response) => resolve([response]));
    stream.once("error", reject);
  });
  let body = "";
  for await (const chunk of stream) body += chunk;
  return { status: response[":status"], body };
}
