import { once } from "node:events";
import { renameSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonLines, World } from "./support/world.js";

const world = new World();

beforeAll(async () => {
  await world.startDaemon();
  await world.ok("project", "create", "web", "--path", world.project, "--agent", "demo");
  await world.ok("project", "create", "api", "--path", world.project);
  await world.ok("run", "--project", "web", "--stop-when-done", "!usage 10 5");
});
afterAll(() => world.close());

it("metrics, of all projects and of one", async () => {
  const lines = (await world.ok("metrics")).split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "Runners: 1 ever; 1 terminated",
    expect.stringMatching(/^Turns: 1, events: \d+$/),
    "Tokens: 15, today: 15",
  ]);
  expect(lines[3]).toMatch(/^Calls: \d+, failed: \d+, in \d+ s$/);
  expect(lines.slice(4)).toEqual(["", "api\t0\t0\t0\t0\t0\t0.0\t0", "web\t0\t1\t1\t15\t15\t0.0\t0"]);
  expect(await world.ok("metrics", "api")).toBe("api\t0\t0\t0\t0\t0\t0.0\t0");
  const { global, projects } = await world.json<Record<string, Record<string, object>>>("metrics", "web");
  expect(global).toMatchObject({ runnersCreated: "1", tokensUsed: "15" });
  expect(projects).toMatchObject({ web: { statistics: { totalTokensUsed: "15" } } });
  expect(Object.keys(projects!)).toEqual(["web"]);
  expect((await world.run(["metrics", "nowhere"])).code).toBe(4);
});

it("status shows the parts, and says by its exit code that one does not work", async () => {
  const parts = (text: string) => text.split("\n").filter((line) => /^(un)?healthy \w+(:|$)/.test(line));
  expect(parts(await world.ok("status"))).toEqual(
    ["database", "events", "supervisor", "api", "daemon"].map((name) => `healthy ${name}`),
  );
  const { address } = await world.json<{ address: string }>("token");
  const { daemonStatus } = await world.json<{ daemonStatus: { addresses: string[] } }>("status");
  const socket = daemonStatus.addresses.find((each) => each.startsWith("unix:"))!.slice("unix:".length);
  renameSync(socket, `${socket}.away`);
  const { code, stdout } = await world.run(["status", "--address", address]);
  renameSync(`${socket}.away`, socket);
  expect({ code, first: stdout.split(",")[0] }).toEqual({ code: 1, first: "unhealthy" });
  expect(parts(stdout)).toContainEqual(
    expect.stringMatching(/^unhealthy api: no longer reachable: unix:.*; restart the daemon$/),
  );
  expect(await world.ok("status")).toMatch(/^healthy/);
});

it("logs, by severity and number", async () => {
  const listening = (await world.ok("logs")).split("\n")[0]!.split("\t");
  expect(listening.slice(1, 3)).toEqual(["info", "listening"]);
  expect(listening[3]).toMatch(/^address=/);
  await world.run(["stop", "runner_00000000000000000000000000"]);
  const refused = (await world.ok("logs", "--level", "debug")).split("\n").map((line) => line.split("\t"));
  expect(refused).toContainEqual([
    expect.stringMatching(/^\d{4}-.*Z$/),
    "debug",
    "a call was refused",
    ...["rpc=stratavore.v1.RunnerService/StopRunner", expect.stringMatching(/^requestId=/), "code=NotFound"],
    expect.stringContaining("runner_00000000000000000000000000"),
  ]);
  const lines = jsonLines(await world.ok("logs", "--json", "--level", "debug"));
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: "LOG_LEVEL_DEBUG",
      message: "a call was refused",
      fields: expect.objectContaining({ code: "NotFound" }),
    }),
  );
  expect((await world.ok("logs", "--level", "debug", "--tail", "2")).split("\n").length).toBe(2);
  expect(await world.ok("logs", "--level", "error")).toBe("");
  for (const odd of [
    ["--level", "odd"],
    ["--tail", "0"],
    ["--tail", "x"],
  ]) {
    expect((await world.run(["logs", ...odd])).code).toBe(2);
  }
});

it("logs that are followed go on until they are interrupted", async () => {
  const child = world.spawn(["logs", "-f", "--level", "debug", "--tail", "1"]);
  const exit = once(child, "exit");
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  await lines.next();
  await world.run(["stop", "runner_11111111111111111111111111"]);
  for (;;) {
    const { value, done } = await lines.next();
    expect(done).toBe(false);
    if (/runner_11111111111111111111111111/.test(value ?? "")) break;
  }
  child.kill("SIGINT");
  expect((await exit)[0]).toBe(130);
});
