import { once } from "node:events";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ComponentType } from "@stratavore/proto";
import { health } from "@stratavore/proto/grpc";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { clientsOf, open, project, reached } from "./fixture/stratavore.js";

const { NOT_SERVING, SERVING } = health.HealthCheckResponse_ServingStatus;

test("a socket that someone removed makes the api unhealthy", async () => {
  const { server, daemon, folder } = await open();
  const path = join(folder, "s.sock");
  await server.listen(["127.0.0.1:0", `unix:${path}`]);
  const api = async () => (await daemon.healthCheck({ component: ComponentType.API })).components.api;
  expect(await api()).toMatchObject({ healthy: true });
  rmSync(path);
  expect(await api()).toMatchObject({ healthy: false, message: expect.stringContaining(path) });
});

test("a store whose file someone removed makes the database unhealthy", async () => {
  const { daemon, folder } = await open();
  rmSync(join(folder, "data", "stratavore.db"));
  const { components, healthy } = await daemon.healthCheck({});
  expect(healthy).toBe(false);
  expect(components.database).toMatchObject({
    healthy: false,
    message: expect.stringMatching(/is gone: back up/),
  });
});

test("a damaged store makes the database unhealthy, for the standard health check too", async () => {
  const first = await open();
  await project(first);
  await first.server.close();
  const path = join(first.folder, "data", "stratavore.db");
  const file = new Database(path);
  // As after a crash: what was closed in order is not looked through.
  file.exec("DELETE FROM meta WHERE key = 'clean'");
  const pageSize = file.pragma("page_size", { simple: true }) as number;
  const root = "SELECT rootpage FROM sqlite_schema WHERE name = 'approvals_by_state'";
  const page = file.prepare<[], number>(root).pluck().get()!;
  file.close();
  const handle = openSync(path, "r+");
  writeSync(handle, Buffer.alloc(pageSize, 0xee), 0, pageSize, (page - 1) * pageSize);
  closeSync(handle);
  const { server, daemon, projects } = await open({ folder: first.folder });
  const database = async () => (await daemon.healthCheck({})).components.database!.message;
  await expect.poll(database).toMatch(/the store is damaged: .*restore a backup/);
  const { status } = await createClient(health.Health, server.transport).check({});
  expect(status).toBe(NOT_SERVING);
  expect((await projects.listProjects({})).totalCount).toBe(1);
});

test("while the server closes it says so to who asks for its health, and refuses the rest", async () => {
  const opened = await open();
  const { server } = opened;
  const host = createServer(server.handler as RequestListener).listen(0, "127.0.0.1");
  await once(host, "listening");
  onTestFinished(() => void host.close());
  const baseUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  const mounted = createConnectTransport({ baseUrl, httpVersion: "1.1" });
  for (const transport of [server.transport, mounted]) {
    const standard = createClient(health.Health, transport);
    expect((await standard.check({})).status).toBe(SERVING);
  }
  // A call that is still being sent has time to be finished, for as long as the server closes.
  const { port, token } = await reached(opened);
  const call = connect(port, "127.0.0.1");
  onTestFinished(() => void call.destroy());
  const head = [
    "POST /stratavore.v1.ProjectService/ListProjects HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    "content-length: 2",
    "expect: 100-continue",
  ];
  call.write(`${head.join("\r\n")}\r\n\r\n`);
  const [answer] = await once(call, "data");
  expect(String(answer)).toMatch(/^HTTP\/1.1 100 /);
  const closed = server.close({ graceMs: 60_000 });
  for (const transport of [server.transport, mounted]) {
    const { daemon, projects } = clientsOf(transport);
    const { daemonStatus, components } = await daemon.getStatus({ includeDetailed: true });
    expect(daemonStatus).toMatchObject({ draining: true, healthy: false });
    expect(components.api).toMatchObject({ healthy: false, message: "the server is shutting down" });
    expect(components.database).toMatchObject({ healthy: true });
    expect((await daemon.healthCheck({})).healthy).toBe(false);
    expect((await daemon.healthCheck({ component: ComponentType.DATABASE })).healthy).toBe(true);
    expect((await createClient(health.Health, transport).check({})).status).toBe(NOT_SERVING);
    expect((await failureOf(projects.listProjects({}))).code).toBe(Code.Unavailable);
  }
  call.destroy();
  await closed;
  expect((await failureOf(opened.daemon.getStatus({}))).code).toBe(Code.Unavailable);
});
