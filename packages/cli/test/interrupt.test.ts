import { once } from "node:events";
import { expect, test } from "vitest";
import { testWorld, type World } from "./support/world.js";

/** Runs the command until its output has a text, then sends SIGINT. */
async function interrupted(world: World, args: readonly string[], until: string) {
  const child = world.spawn(args);
  const exit = once(child, "exit");
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  await expect.poll(() => stdout).toContain(until);
  child.kill("SIGINT");
  const [code] = await exit;
  return { code, stdout, stderr };
}

const statuses = async (world: World) => {
  const { runners } = await world.json<{ runners: { id: string; status: string }[] }>("runners");
  return runners.map(({ status }) => status.replace("RUNNER_STATUS_", ""));
};

test("Ctrl-C in run stops following, says how to stop the runner, and leaves it running", async () => {
  const world = testWorld();
  await world.startDaemon();
  const run = ["run", "--agent", "demo", "!say Begun.\n!hang"];
  const { code, stderr } = await interrupted(world, run, "Begun.");
  expect(code).toBe(130);
  const [, command] = /the runner lives on\. Stop it with: stratavore (stop runner_\w+)/.exec(stderr) ?? [];
  expect(await statuses(world)).toEqual(["RUNNING"]);
  await world.ok(...command!.split(" "));
  expect(await statuses(world)).toEqual(["TERMINATED"]);
});

test("with --stop-on-interrupt it stops the runner, too", async () => {
  const world = testWorld();
  await world.startDaemon();
  const run = ["run", "--stop-on-interrupt", "--agent", "exec", "--", "sh", "-c", "echo up; sleep 600"];
  const { code, stderr } = await interrupted(world, run, "up");
  expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining("Stopped runner") });
  expect(await statuses(world)).toEqual(["TERMINATED"]);
});

test("Ctrl-C in events says where to go on", async () => {
  const world = testWorld();
  await world.startDaemon();
  await world.ok("project", "create", "one", "--path", world.dir);
  const { code, stderr } = await interrupted(
    world,
    ["events", "--from-start", "--type", "all"],
    "PROJECT_CREATED",
  );
  expect(code).toBe(130);
  expect(stderr).toMatch(/Go on with: stratavore events --after \w+-1\n/);
});

test("a reader that has seen enough ends the command quietly", async () => {
  const world = testWorld();
  await world.startDaemon();
  const child = world.spawn([
    "run",
    "--agent",
    "exec",
    "--",
    "sh",
    "-c",
    "while sleep 0.01; do echo more; done",
  ]);
  const exit = once(child, "exit");
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  await once(child.stdout!, "data");
  child.stdout!.destroy();
  expect(await exit).toEqual([0, null]);
  expect(stderr).toBe(`Created project my-project for ${world.project}\n`);
});
