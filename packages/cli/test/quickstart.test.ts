import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { testWorld } from "./support/world.js";

const quickstart = (dataDir: string, ...options: string[]) => [
  ...["quickstart", "--data-dir", dataDir, "--listen", "127.0.0.1:0"],
  ...options,
];

test("shows a conversation and its events, and the next time that it is still there", async () => {
  const world = testWorld();
  const dataDir = `${world.dir}/clone/.stratavore`;
  const first = await world.run(quickstart(dataDir, "--once"));
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).not.toContain("still there");
  expect(first.stdout).toContain("I am the built-in demo agent");
  expect(first.stdout).toMatch(/^Real agents on PATH: /m);
  expect(first.stdout).toMatch(/^Tokens: \d+ in, \d+ out/m);
  const events = [...first.stdout.matchAll(/^event \w+-(\d+) +\S+ +(\w+)/gm)];
  expect(events.map(([, seq]) => Number(seq))).toEqual(events.map((_, index) => index + 1));
  expect(events.map(([, , type]) => type)).toEqual([
    ...["PROJECT_CREATED", "RUNNER_CREATED", "RUNNER_STARTED", "SESSION_CREATED"],
    ...["TURN_STARTED", "TURN_COMPLETED", "SESSION_ENDED", "RUNNER_STOPPED"],
  ]);
  expect(first.stdout).toMatch(/Stopped the daemon\n$/);

  const second = await world.run(quickstart(dataDir, "--once", "--task", "Another task"));
  expect(second.code).toBe(0);
  const [, session] = /SESSION_CREATED .*(session_\w+)/.exec(first.stdout) ?? [];
  expect(second.stdout).toContain(`The last conversation is still there: ${session}`);
  expect(second.stdout).toContain("│ Say hello, and tell me what you find in this folder.");
  expect(second.stdout.indexOf("│ Hello!")).toBeLessThan(second.stdout.indexOf("You: Another task"));
  expect(world.processes()).toEqual([]);
});

test("goes on until SIGINT, prints commands that work, and then stops what it started", async () => {
  const world = testWorld();
  const dataDir = `${world.dir}/.stratavore`;
  const child = world.spawn(quickstart(dataDir), { cwd: world.dir });
  const exit = once(child, "exit");
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  await expect.poll(() => output).toContain(" token\n");
  const printed = [
    ...output.matchAll(/^ {2}npx stratavore (--data-dir .stratavore (?:transcript|send|token).*)$/gm),
  ];
  expect(printed.length).toBe(3);
  for (const [, line = ""] of printed) {
    const args = line.replace("'!permission'", "!say still here").split(" ");
    expect(await world.run(args, { cwd: world.dir })).toMatchObject({ code: 0 });
  }
  await expect.poll(() => output.split("TURN_COMPLETED").length).toBe(3);
  child.kill("SIGINT");
  expect(await exit).toEqual([0, null]);
  expect(output).toMatch(/RUNNER_STOPPED.*Stopped the daemon\n$/s);
  expect(world.processes()).toEqual([]);
});

test("a port in use is said in plain words, with the way out", async () => {
  const world = testWorld();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const args = ["quickstart", "--once", "--data-dir", `${world.dir}/d`, "--listen", `127.0.0.1:${port}`];
  const { code, stderr } = await world.run(args);
  expect(code).toBe(6);
  expect(stderr).toBe(
    `stratavore: 127.0.0.1:${port} is in use by another program: listen on another port with \`npm start -- --listen 127.0.0.1:0\` (port 0 takes any free one)\n`,
  );
});

test("a daemon that was there before is used and left running", async () => {
  const world = testWorld();
  await world.startDaemon();
  const { code, stdout } = await world.run(quickstart(world.dataDir, "--once"));
  expect(code).toBe(0);
  expect(stdout).toContain("(it was there already)");
  expect(await world.ok("daemon", "status")).toContain("The daemon runs");
});
