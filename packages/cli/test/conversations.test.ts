import { RunnerStatus, type StratavoreClient } from "@stratavore/client/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isTurnOver } from "../src/follow/turn.js";
import { World } from "./support/world.js";

const world = new World();
let client: StratavoreClient;

interface Conversation {
  id: string;
  runnerId: string;
  status: string;
  title: string;
}

const sessions = async (...options: string[]) =>
  (await world.json<{ sessions: Conversation[] }>("sessions", ...options)).sessions;

const ids = async (...options: string[]) => (await sessions(...options)).map(({ id }) => id);

/** A runner with a session in which a prompt was answered. */
async function talking(prompt: string, projectName = "web"): Promise<{ runner: string; session: string }> {
  const { id: runnerId } = await client.runners.create({ projectName, spec: { agent: "demo", prompt } });
  await expect.poll(async () => (await client.sessions.list({ runnerId })).sessions).toHaveLength(1);
  const { sessions: opened } = await client.sessions.list({ runnerId });
  const sessionId = opened[0]!.id;
  for await (const { update } of client.sessions.stream({ sessionId, fromStart: true })) {
    if (update.case === "turn" && isTurnOver(update.value)) break;
  }
  return { runner: runnerId, session: sessionId };
}

/** A runner without a session. */
async function running(): Promise<string> {
  const { id } = await client.runners.create({ projectName: "web", spec: { agent: "demo" } });
  await client.runners.wait({ runnerId: id, statuses: [RunnerStatus.RUNNING] });
  return id;
}

const send = async (sessionId: string, text: string) =>
  (await client.sessions.send({ sessionId, text })).turn.id;

beforeAll(async () => {
  await world.startDaemon();
  client = world.client();
  await client.projects.create({ name: "web", path: world.project });
  await client.projects.create({ name: "api", path: world.dir });
});
afterAll(async () => {
  await client.close();
  await world.close();
});

it("sessions lists them newest first, by project, runner and status", async () => {
  const first = await talking("!say hello");
  const second = await talking("!say hello", "api");
  expect(await ids()).toEqual([second.session, first.session]);
  expect(await ids("--project", "web")).toEqual([first.session]);
  expect(await ids("--runner", second.runner.slice(-10))).toEqual([second.session]);
  expect(await ids("--status", "idle")).toHaveLength(2);
  expect(await ids("--resumable")).toEqual([]);
  await client.runners.stop({ runnerId: first.runner });
  expect(await ids("--resumable")).toEqual([first.session]);
  expect(await ids("--status", "resumable")).toEqual([first.session]);
  const line = await world.ok("sessions", "--project", "web");
  expect(line).toMatch(
    new RegExp(`^${first.session}\tweb\tdemo\tdemo\tresumable\t${first.runner}\t2\t\\d+\t`),
  );
});

it("resume continues a session on a new runner or a named one, and forks it", async () => {
  const { runner, session } = await talking("!say remember the milk");
  const refused = await world.run(["resume", session]);
  expect(refused).toMatchObject({ code: 6, stderr: expect.stringMatching(/talk to it there, or fork it/) });
  await client.runners.stop({ runnerId: runner });
  const { code, stdout, stderr } = await world.run(["resume", session.slice(-10)]);
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`send ${session} TEXT`),
  });
  const elsewhere = /^(session_\w+) on (runner_\w+)\n$/.exec(stdout)!;
  expect(elsewhere[1]).toBe(session);
  expect(elsewhere[2]).not.toBe(runner);
  await world.ok("send", session, "!say and the bread");
  expect(await world.ok("transcript", session)).toMatch(/remember the milk[\s\S]*and the bread/);

  await client.runners.stop({ runnerId: elsewhere[2]! });
  const third = await running();
  const onThird = await world.json<{ session: Conversation; runner: { id: string } }>(
    "resume",
    session,
    "--runner",
    third,
  );
  expect(onThird).toMatchObject({ session: { id: session, runnerId: third }, runner: { id: third } });
  const fork = await world.run(["resume", session, "--fork"]);
  expect(fork).toMatchObject({ code: 6, stderr: expect.stringMatching(/copy of a session/) });
  expect(await world.run(["resume", third])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`stratavore unpause ${third}`),
  });
});

it("cancel ends the turn that runs, and says how it ended", async () => {
  const { runner, session } = await talking("!say up");
  expect(await world.run(["cancel", runner])).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/no turn of session/),
  });
  const turn = await send(session, "!say busy\n!hang");
  const next = await send(session, "!say next");
  await expect.poll(() => world.ok("transcript", session)).toContain("busy");
  expect(await world.ok("cancel", session, "--turn", next)).toBe(`${next} cancelled`);
  expect(await world.ok("cancel", runner)).toBe(`${turn} cancelled`);
  const again = await world.json<{ id: string; state: string }>("cancel", session, "--turn", turn);
  expect(again).toMatchObject({ id: turn, state: "TURN_STATE_CANCELLED" });

  const stubborn = await send(session, "!ignore-cancel\n!hang");
  await expect.poll(() => ids("--status", "active")).toContain(session);
  expect(await world.ok("cancel", runner, "--no-wait")).toBe(`${stubborn} is asked to stop`);
  const idle = await running();
  expect(await world.run(["cancel", idle])).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/no active session/),
  });
});

it("end ends a session for good, and leaves its runner and its transcript", async () => {
  const { runner, session } = await talking("!say goodbye");
  expect(await world.ok("end", session.slice(-10))).toBe(`${session} ended`);
  expect(await ids("--status", "ended", "--runner", runner)).toEqual([session]);
  expect(await world.ok("transcript", session)).toContain("goodbye");
  expect(await world.run(["resume", session])).toMatchObject({ code: 6 });
  expect(await world.ok("runners", "--status", "running")).toContain(runner);
  expect(await world.run(["end", "nothing-like-it"])).toMatchObject({ code: 4 });
});

it("pause holds runners back until unpause", async () => {
  const { runner, session } = await talking("!say before");
  const other = await talking("!say before");
  expect(await world.ok("pause", runner, other.runner)).toBe(`${runner} paused\n${other.runner} paused`);
  const turn = await send(session, "!say after");
  expect(await world.ok("runners", "--status", "paused")).toContain(runner);
  expect(await world.run(["pause", runner])).toMatchObject({ code: 6 });
  expect(await world.json("unpause", runner)).toMatchObject({
    resumed: [{ id: runner, status: "RUNNER_STATUS_RUNNING" }],
  });
  expect(turn).toMatch(/^turn_/);
  await expect.poll(() => world.ok("transcript", session)).toMatch(/assistant:\nafter/);
  expect(await world.run(["unpause", runner])).toMatchObject({ code: 6 });
  expect(await world.ok("unpause", other.runner)).toBe(`${other.runner} running`);
  expect(await world.ok("pause", "--freeze", runner)).toBe(`${runner} paused`);
});

it("search finds what was said, by words and filters", async () => {
  const { session } = await talking("!say the heron stands in the reeds");
  await talking("!say two herons", "api");
  const hits = (output: string) => output.split("\n").map((line) => line.split("\t"));
  const found = hits(await world.ok("search", "heron", "--role", "assistant"));
  expect(found).toEqual([
    [
      session,
      "2",
      "web",
      "assistant",
      expect.stringMatching(/^\d{4}-.*Z$/),
      expect.stringContaining("«heron»"),
    ],
  ]);
  expect(hits(await world.ok("search", "heron*"))).toHaveLength(4);
  expect(hits(await world.ok("search", "heron*", "--project", "api", "--limit", "1"))).toHaveLength(1);
  expect(hits(await world.ok("search", "heron*", "--session", session.slice(-10)))).toHaveLength(2);
  expect(hits(await world.ok("search", "reeds", "stands", "--after", "1h"))).toHaveLength(2);
  const { code, stdout, stderr } = await world.run(["search", "heron", "--before", "2020-01-01"]);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: "", stderr: "Nothing was found.\n" });
  const more = await world.run(["search", "heron*", "--limit", "2"]);
  expect(more.stderr).toMatch(/more than these 2/);
  const json = await world.json<{ hits: object[]; nextPageToken: string }>(
    "search",
    "--limit",
    "2",
    "heron*",
  );
  expect(json).toMatchObject({ hits: [{ projectName: expect.any(String) }, {}] });
  expect(json.nextPageToken).not.toBe("");
});

it("knows what is wrong by its exit code", async () => {
  const codes = {
    "search ***": 2,
    "search word --after soon": 2,
    "search word --role robot": 2,
    "sessions --status odd": 2,
    "sessions --status idle --resumable": 2,
    "sessions --runner nothing-like-it": 4,
    "resume nothing-like-it": 4,
    "cancel nothing-like-it": 4,
    "pause nothing-like-it": 4,
    end: 2,
  };
  for (const [command, code] of Object.entries(codes)) {
    const ended = await world.run(command.split(" "));
    expect({ command, code: ended.code, stderr: ended.stderr }).toMatchObject({ command, code });
    expect(ended.stderr).not.toContain("    at ");
  }
});
