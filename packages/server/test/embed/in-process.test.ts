import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { RunnerStatus } from "@stratavore/proto";
import { expect, onTestFinished, test, vi } from "vitest";
import { createStratavore, StoreError } from "../../src/index.js";
import { failureOf } from "../rpc/fixture/failure.js";
import {
  clientsOf,
  converse,
  environmentIn,
  open,
  project,
  reached,
  runner,
  temporaryFolder,
} from "../rpc/fixture/stratavore.js";

test("calls in process are checked, answered and ended as on the network", async () => {
  const opened = await open();
  const failure = await failureOf(opened.projects.createProject({ name: "a/b", path: opened.folder }));
  expect(failure).toMatchObject({ code: Code.InvalidArgument, fields: ["name"] });
  expect(failure.requestId).not.toBe("");
  await project(opened);
  const runnerId = await runner(opened);
  const stop = new AbortController();
  const waiting = failureOf(opened.runners.waitRunner({ runnerId }, { signal: stop.signal }));
  stop.abort();
  expect((await waiting).code).toBe(Code.Canceled);
  const late = failureOf(opened.runners.waitRunner({ runnerId }, { timeoutMs: 30 }));
  expect((await late).code).toBe(Code.DeadlineExceeded);
});

test("two servers in one process have nothing in common", async () => {
  const [one, two] = [await open(), await open()];
  await project(one, "web");
  await runner(one);
  expect((await two.projects.listProjects({})).totalCount).toBe(0);
  expect((await two.runners.listRunners({})).totalCount).toBe(0);
  expect(one.server.credential).not.toBe(two.server.credential);
  const [here, there] = [await reached(one), await reached(two)];
  const ask = ({ url }: typeof here, { token }: typeof here) =>
    fetch(`${url}/stratavore.v1.ProjectService/ListProjects`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
  expect((await ask(here, here)).status).toBe(200);
  expect((await ask(here, there)).status).toBe(401);
  await one.server.close();
  expect((await ask(there, there)).status).toBe(200);
  expect((await two.projects.listProjects({})).totalCount).toBe(0);
});

test("without a data directory everything works, and nothing is left", async () => {
  const folder = temporaryFolder();
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const server = await createStratavore({ dataDir: null, environment: environmentIn(temporary) });
  onTestFinished(() => server.close());
  expect(server.dataDir).toBeNull();
  const clients = clientsOf(server.transport);
  await clients.projects.createProject({ name: "web", path: folder });
  const { runner: made } = await clients.runners.createRunner({
    projectName: "web",
    spec: { agent: "demo" },
  });
  const runnerId = made!.id;
  const { runner: running } = await clients.runners.waitRunner({
    runnerId,
    statuses: [RunnerStatus.RUNNING],
  });
  const { session } = await clients.sessions.createSession({ runnerId });
  await converse(clients, session!.id, "!say hello");
  const { messages } = await clients.sessions.getSessionTranscript({ sessionId: session!.id });
  expect(messages.map(({ content }) => content)).toEqual(["!say hello", "hello"]);
  const { addresses, socket } = await server.listen(["127.0.0.1:0"]);
  expect([addresses.length, socket]).toEqual([1, null]);
  expect(readdirSync(temporary)).not.toEqual([]);
  await server.close();
  expect(readdirSync(temporary)).toEqual([]);
  expect(() => process.kill(running!.pid, 0)).toThrow("ESRCH");
});

test("a second server on the same data directory is refused, and names the first", async () => {
  const opened = await open();
  const { target } = await reached(opened);
  const dataDir = join(opened.folder, "data");
  const refusal = await createStratavore({ dataDir, environment: environmentIn(opened.folder) }).then(
    () => undefined,
    (error) => error,
  );
  expect(refusal).toBeInstanceOf(StoreError);
  expect(refusal).toMatchObject({ kind: "locked", holder: { pid: process.pid, address: target } });
  expect((await opened.projects.listProjects({})).totalCount).toBe(0);
});

test("a start that fails lets the data directory go", async () => {
  const folder = temporaryFolder();
  const options = { dataDir: join(folder, "data"), environment: environmentIn(folder) };
  await expect(createStratavore({ ...options, defaultAgent: "nobody" })).rejects.toThrow("nobody");
  await expect(open({ folder })).resolves.toBeDefined();
});

test("every listen adds to what is announced, and closing takes it all back", async () => {
  const opened = await open();
  const path = join(opened.folder, "own.sock");
  const first = await opened.server.listen(["127.0.0.1:0"]);
  const second = await opened.server.listen([`unix:${path}`]);
  expect(second).toEqual({ addresses: [], socket: path });
  const { readFile } = await import("node:fs/promises");
  const file = join(opened.folder, "data", "daemon.json");
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
    pid: process.pid,
    addresses: first.addresses,
    socket: path,
  });
  const endpoints = join(opened.folder, "state", "stratavore", "endpoints");
  expect(readdirSync(endpoints)).toHaveLength(1);
  await opened.server.close();
  expect(readdirSync(endpoints)).toEqual([]);
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});
