import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { jsonLines, testWorld } from "./support/world.js";

interface Running {
  running: boolean;
  pid: number;
  addresses: string[];
  dataDir: string;
}

test("a daemon starts once, is found, and stops; agents live on and are taken up again", async () => {
  const world = testWorld();
  expect(await world.run(["daemon", "status"])).toMatchObject({ code: 3 });

  const first = await world.startDaemon();
  expect(first).toMatch(/^The daemon runs: pid \d+, 127\.0\.0\.1:\d+\nData directory: /);
  const second = await world.startDaemon();
  expect(second).toBe(first.replace("The daemon runs:", "The daemon runs already:"));

  const { pid, dataDir } = await world.json<Running>("daemon", "status");
  expect(first).toContain(`pid ${pid}`);
  expect(dataDir).toBe(world.dataDir);

  await world.ok("run", "--agent", "demo");
  expect(await world.ok("daemon", "stop")).toBe(
    `Stopped the daemon with pid ${pid} on ${dataDir}; agents live on`,
  );
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(await world.ok("daemon", "stop")).toBe(`No daemon runs on ${dataDir}`);
  expect(await world.run(["status"])).toMatchObject({ code: 3 });

  await world.startDaemon();
  const { runners } = await world.json<{ runners: { status: string }[] }>("runners");
  expect(runners).toMatchObject([{ status: "RUNNER_STATUS_RUNNING" }]);
});

test("two starts at the same time give one daemon", async () => {
  const world = testWorld();
  const starts = await Promise.all([world.startDaemon(), world.startDaemon()]);
  const pids = starts.map((output) => /pid (\d+)/.exec(output)?.[1]);
  expect(pids[0]).toBe(pids[1]);
});

test("a port in use is said, with the way out", async () => {
  const world = testWorld();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const start = ["daemon", "start", "--listen", `127.0.0.1:${port}`];
  for (const args of [start, [...start, "--foreground"]]) {
    const refused = await world.run(args);
    expect(refused.code).toBe(6);
    const [sentence] = refused.stderr.split("\n").filter((line) => line.startsWith("stratavore: "));
    expect(sentence).toBe(
      `stratavore: 127.0.0.1:${port} is in use by another program: listen on another port with \`--listen 127.0.0.1:PORT\` (port 0 takes any free one)`,
    );
  }
});

test("a port that another daemon has names that daemon and its data directory", async () => {
  const world = testWorld();
  await world.startDaemon();
  const { addresses, pid } = await world.json<Running>("daemon", "status");
  const elsewhere = ["--data-dir", `${world.dir}/elsewhere`];
  const refused = await world.run(["daemon", "start", ...elsewhere, "--listen", addresses[0]!]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain(
    `the Stratavore daemon with pid ${pid} on the data directory ${world.dataDir}`,
  );
  expect(refused.stderr).toContain(`stratavore daemon stop --data-dir ${world.dataDir}`);
});

test("an address that is none is a usage error", async () => {
  const world = testWorld();
  const refused = await world.run(["daemon", "start", "--listen", "nowhere"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('"nowhere" is not an address to listen on');
});

test("in the foreground it says where it is, logs to standard error, and ends on SIGINT", async () => {
  const world = testWorld();
  const child = world.spawn(["daemon", "start", "--foreground", "--listen", "127.0.0.1:0", "--json"]);
  const exit = once(child, "exit");
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
  });
  const [said] = await once(child.stdout!.setEncoding("utf8"), "data");
  expect(JSON.parse(said)).toMatchObject({ running: true, pid: child.pid, dataDir: world.dataDir });
  await world.ok("status");
  child.kill("SIGINT");
  expect(await exit).toEqual([0, null]);
  expect(jsonLines(log).map(({ msg }) => msg)).toContain("stopped");
});

test("a wrong credential is refused, and how to get the right one is said", async () => {
  const world = testWorld();
  await world.startDaemon();
  const { addresses } = await world.json<Running>("daemon", "status");
  const refused = await world.run(["status", "--address", addresses[0]!, "--token", "wrong"]);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toMatch(/^stratavore: .*stratavore token/);
});
