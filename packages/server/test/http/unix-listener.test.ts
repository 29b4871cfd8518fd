import { spawn } from "node:child_process";
import { chmod, lstat, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { AddressInUseError, ListenError } from "../../src/http/index.js";
import { grpcJsClient } from "./fixture/clients.js";
import { echoLayer } from "./fixture/layer.js";
import { rawRequest } from "./fixture/raw.js";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sock-"));
  path = join(folder, "stratavore.sock");
  onTestFinished(() => rm(folder, { recursive: true }));
});

const whoAmI = "/stratavore.v1.EchoService/WhoAmI";

describe("a unix socket", () => {
  test("needs no credential and takes any Host, over both HTTP versions", async () => {
    const { layer } = echoLayer();
    await layer.listen([`unix:${path}`]);
    const expected = { transport: "unix", remoteAddress: "", authenticatedBy: "socket" };
    expect(JSON.parse(await grpcJsClient(`unix:${path}`).unary(whoAmI, ""))).toEqual(expected);
    expect(JSON.parse(JSON.parse(await http1(path, { host: "anything.example" })))).toEqual(expected);
  });

  test("still refuses web pages that a forwarded port would let in", async () => {
    const { layer } = echoLayer();
    await layer.listen([`unix:${path}`]);
    for (const origin of ["https://evil.example", "http://anything.example"]) {
      const lines = [`POST ${whoAmI} HTTP/1.1`, "host: anything.example", `origin: ${origin}`];
      expect(await rawRequest(path, [...lines, "content-type: application/json"], "{}")).toMatch(
        /^HTTP\/1\.1 403/,
      );
    }
  });

  test("survives a Host that is no host", async () => {
    const { layer } = echoLayer();
    await layer.listen([`unix:${path}`]);
    for (const host of ["host: a b%zz", "host: [", "x-no: host"]) {
      const lines = [`POST ${whoAmI} HTTP/1.1`, host, "content-type: application/json"];
      expect(await rawRequest(path, lines, '""'), host).toMatch(/^HTTP\/1\.1 400/);
    }
    expect(await http1(path, { host: "localhost" })).toContain("unix");
  });

  test("is open to its user alone, whatever the umask, and leaves nothing beside it", async () => {
    const { layer } = echoLayer();
    await layer.listen([`unix:${path}`]);
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["stratavore.sock"]);
    await layer.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test("can stand beside a port", async () => {
    const { layer } = echoLayer();
    const { addresses } = await layer.listen(["127.0.0.1:0", `unix:${path}`]);
    expect(addresses.map(({ kind }) => kind)).toEqual(["tcp", "unix"]);
  });
});

describe("a path that is taken", () => {
  test("by a dead program's socket is used", async () => {
    await deadSocket(path);
    expect((await lstat(path)).isSocket()).toBe(true);
    const { layer } = echoLayer();
    await layer.listen([`unix:${path}`]);
    expect(await grpcJsClient(`unix:${path}`).unary("/grpc.health.v1.Health/Check", "")).toBe("serving");
  });

  test("by a live program is refused and keeps working", async () => {
    const first = echoLayer().layer;
    await first.listen([`unix:${path}`]);
    const second = echoLayer().layer;
    const error = await second.listen(["127.0.0.1:0", `unix:${path}`]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AddressInUseError);
    expect(error).toMatchObject({ message: expect.stringContaining(`unix:${path}`) });
    await second.close();
    expect(await grpcJsClient(`unix:${path}`).unary("/grpc.health.v1.Health/Check", "")).toBe("serving");
  });

  test("by a file is refused, and the file stays", async () => {
    await writeFile(path, "mine");
    await expect(echoLayer().layer.listen([`unix:${path}`])).rejects.toThrow(/something else at that path/);
    expect((await lstat(path)).size).toBe(4);
  });

  test("by the next server is not removed when the first one closes", async () => {
    const first = echoLayer().layer;
    await first.listen([`unix:${path}`]);
    await rm(path);
    await echoLayer().layer.listen([`unix:${path}`]);
    await first.close();
    expect(await grpcJsClient(`unix:${path}`).unary("/grpc.health.v1.Health/Check", "")).toBe("serving");
  });
});

test.each([
  ["too long", () => join(folder, "x".repeat(100)), /a unix socket may have 100/],
  ["in no folder", () => join(folder, "missing", "s.sock"), /the folder it should be in does not exist/],
])("a path %s is refused with a sentence", async (_, make, message) => {
  const error = await echoLayer()
    .layer.listen([`unix:${make()}`])
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
});

/** Leaves a socket file behind that nobody serves, as kill -9 does. */
async function deadSocket(at: string): Promise<void> {
  const script = `require("node:net").createServer().listen(${JSON.stringify(at)}, () => process.kill(process.pid, 9))`;
  const child = spawn(process.execPath, ["-e", script]);
  await new Promise((resolve) => child.once("exit", resolve));
  await chmod(at, 0o755);
}

function http1(socketPath: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath,
        path: whoAmI,
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
      },
      (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve(body));
      },
    );
    call.once("error", reject);
    call.end('""');
  });
}
