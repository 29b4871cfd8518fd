import { exec } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonLines, World } from "./support/world.js";

const world = new World();

/** Where to find buf, too. */
const programs = [fileURLToPath(new URL("../node_modules/.bin", import.meta.url)), process.env.PATH].join(
  delimiter,
);

interface Ids {
  id: string;
  sessionId: string;
}

const newest = async () => (await world.json<{ runners: Ids[] }>("runners")).runners[0]!;

beforeAll(async () => {
  await world.startDaemon();
  await world.ok("project", "create", "my-project", "--agent", "demo", "--description", "for tests");
});
afterAll(() => world.close());

it("version", async () => {
  expect(await world.ok("version")).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await world.json("version")).toMatchObject({ node: process.versions.node });
});

it("project create and list", async () => {
  const path = realpathSync(world.dir);
  const created = await world.json("project", "create", "other", "--path", world.dir);
  expect(created).toMatchObject({ name: "other", path });
  expect((await world.ok("project", "list")).split("\n")).toContainEqual(
    expect.stringMatching(/^other\tidle\t0\t0\t0\t/),
  );
  const { projects } = await world.json<{ projects: { name: string }[] }>("project", "list");
  expect(projects.map(({ name }) => name)).toEqual(["my-project", "other"]);
});

it("agents", async () => {
  expect(await world.ok("agents")).toMatch(/^demo\t.*\tacp\tyes\t/m);
  const { agents } = await world.json<{ agents: { name: string }[] }>("agents");
  expect(agents).toContainEqual(expect.objectContaining({ name: "exec", installed: true }));
});

it("status", async () => {
  expect(await world.ok("status")).toMatch(/^healthy, version /);
  expect(await world.json("status")).toMatchObject({ daemonStatus: { healthy: true } });
});

it("run with a prompt shows the answer and leaves the runner running", async () => {
  const { code, stdout, stderr } = await world.run([
    "run",
    "!think Hm.\n!diff a.txt\n!tool\n!say Done.\n!usage 10 5",
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Hm\.\n/);
  expect(stdout).toMatch(/^✓ /m);
  expect(stdout).toMatch(/^\+ /m);
  expect(stdout).toMatch(/Done\.\nTokens: 10 in, 5 out, cost /);
  expect(stderr).toMatch(/Go on with: stratavore send runner_/);
  expect(await world.ok("runners", "--status", "running", "--project", "my-project")).toContain(
    "my-project\tdemo\trunning",
  );
});

it("run takes its prompt from standard input, and --stop-when-done stops the runner", async () => {
  const { code, stdout } = await world.run(["run", "--stop-when-done", "-"], { input: "!say from stdin" });
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("from stdin\n") });
  expect(await newest()).toMatchObject({ status: "RUNNER_STATUS_TERMINATED" });
});

it("send opens a session, follows the answer, and takes short ids", async () => {
  const id = await world.ok("run", "--no-follow", "--title", "for send");
  const { stdout } = await world.run(["send", id.slice(-10), "-"], { input: "!chunks 3" });
  expect(stdout).toMatch(/^chunk 1\nchunk 2\nchunk 3\nTokens: /);
  const { sessionId } = await newest();
  const { turn, cursor } = await world.json<{ turn: { id: string }; cursor: string }>(
    "send",
    "--no-follow",
    sessionId,
    "!say again",
  );
  expect(turn.id).toMatch(/^turn_/);
  expect(cursor).not.toBe("");
  await expect.poll(() => world.ok("transcript", sessionId)).toMatch(/assistant:\nagain/);
});

it("transcript as text, markdown and json", async () => {
  const { sessionId, id } = await newest();
  expect(await world.ok("transcript", id)).toMatch(/^\[.*\] user:\n!chunks 3\n/);
  expect(await world.ok("transcript", id, "--format", "markdown")).toMatch(/^## user/);
  const { messages, metadata } = await world.json<{ messages: unknown[]; metadata: object }>(
    "transcript",
    sessionId,
  );
  expect(messages.length).toBe(4);
  expect(metadata).toMatchObject({ agent: "demo", messageCount: "4" });
});

it("a turn that fails is exit code 1", async () => {
  const { id } = await newest();
  const { code, stdout } = await world.run(["send", id, "!error -32000 no more"]);
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining("failed (") });
});

it("events from the start, after an id, by type, with a limit", async () => {
  const all = jsonLines(await world.ok("events", "--json", "--no-follow", "--from-start", "--type", "all"));
  const ids = all.map(({ eventId }) => eventId as string);
  expect(ids.map((id) => Number(id.split("-")[1]))).toEqual(ids.map((_, index) => index + 1));
  const rest = await world.ok("events", "--no-follow", "--after", ids[1]!, "--type", "all", "--limit", "2");
  expect(rest.split("\n").map((line) => line.split("\t")[0])).toEqual(ids.slice(2, 4));
  const started = await world.ok("events", "--no-follow", "--from-start", "--type", "runner_started");
  expect(started.split("\n").every((line) => line.includes("\tRUNNER_STARTED\t"))).toBe(true);
});

it("approvals and approve", async () => {
  const { id } = await newest();
  for (const [flag, outcome] of [
    ["", "allowed"],
    ["--deny", "rejected"],
  ] as const) {
    const asked = world.run(["send", id, "!permission Touch the moon"]);
    await expect.poll(() => world.ok("approvals")).toContain("Touch the moon");
    const { approvals } = await world.json<{ approvals: Ids[] }>("approvals");
    const answered = await world.ok("approve", approvals[0]!.id, ...(flag === "" ? [] : [flag]));
    expect(answered).toBe(`${approvals[0]!.id} ${outcome}`);
    expect((await asked).stdout).toContain(`stratavore approve ${approvals[0]!.id}`);
  }
  expect(await world.json("approvals")).toMatchObject({ approvals: [] });
});

it("token", async () => {
  const token = await world.ok("token");
  expect(token).toMatch(/^\S{20,}$/);
  const { address, examples } = await world.json<{ address: string; examples: Record<string, string> }>(
    "token",
  );
  expect(await world.ok("token", "--examples")).toBe(
    `${token}\n\n${examples.bufCurl}\n\n${examples.grpcurl}`,
  );
  expect(await world.ok("status", "--address", address, "--token", token)).toContain("healthy");
  const { stdout } = await promisify(exec)(examples.bufCurl!, { env: { ...world.env, PATH: programs } });
  expect(JSON.parse(stdout)).toMatchObject({ daemonStatus: { healthy: true } });
});

it("stop", async () => {
  const { id } = await newest();
  const { stopped } = await world.json<{ stopped: object[] }>("stop", id);
  expect(stopped).toMatchObject([{ runner: { id, status: "RUNNER_STATUS_TERMINATED" } }]);
  expect(await world.ok("stop", id)).toContain("terminated");
});

it("restart", async () => {
  const { id } = await newest();
  expect(await world.ok("restart", id)).toBe(`${id} running`);
  await world.ok("send", id, "!say one");
  const { sessionId } = await newest();
  const restarted = await world.json("restart", id, "--preserve-session", "--timeout", "5");
  expect(restarted).toMatchObject({ id, status: "RUNNER_STATUS_RUNNING", incarnation: 3 });
  await expect.poll(async () => (await newest()).sessionId, { timeout: 10_000 }).toBe(sessionId);
  await world.ok("stop", id);
});

it("knows what is wrong by its exit code", async () => {
  const codes = {
    "no-such-command": 2,
    "runners --status odd": 2,
    "events --type odd": 2,
    "stop --timeout x y": 2,
    "restart --timeout 0 y": 2,
    "restart runner_00000000000000000000000000": 4,
    "send runner_ hello": 2,
    "run --agent exec": 2,
    "run --project my-project --agent odd x": 2,
    "transcript nothing-like-it": 4,
    "stop runner_00000000000000000000000000": 4,
    "run --project missing --agent demo x": 4,
    "project create my-project": 6,
    "status --address 127.0.0.1:1": 3,
    "--help": 0,
    "run --help": 0,
  };
  for (const [command, code] of Object.entries(codes)) {
    const ended = await world.run(command.split(" "));
    expect({ command, code: ended.code, stderr: ended.stderr }).toMatchObject({ command, code });
    if (code !== 0) expect(ended.stderr).not.toContain("    at ");
  }
});
