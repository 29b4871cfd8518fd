import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AcpClient, temporaryFolder, textOf } from "../agent-process.js";

/** A conversation in one process, which has ended; what it left in `dir`. */
async function conversation(dir: string, ...prompts: string[]) {
  const client = new AcpClient({ dir });
  const cwd = temporaryFolder();
  const sessionId = await client.open(cwd);
  for (const prompt of prompts) await client.prompt(sessionId, prompt);
  client.process.child.stdin?.end();
  await client.process.ended;
  return { sessionId, cwd, updates: client.updates };
}

describe("session/load in a new process", () => {
  test("replays the same history before it answers", async () => {
    const dir = temporaryFolder();
    const before = await conversation(dir, "!think hm\n!chunks 30\n!tool\n!plan\n!say end", "Again, please");
    const client = new AcpClient({ dir });
    await client.initialize();
    await client.agent.request("session/load", { ...before, mcpServers: [] });

    for (const kind of ["agent_message_chunk", "agent_thought_chunk"] as const) {
      expect(textOf(client.updates, kind)).toBe(textOf(before.updates, kind));
    }
    for (const kind of ["tool_call", "tool_call_update", "plan"]) {
      const of = (updates: typeof client.updates) =>
        updates.filter((update) => update.sessionUpdate === kind);
      expect(of(client.updates)).toEqual(of(before.updates));
    }
    expect(textOf(client.updates, "user_message_chunk")).toBe(
      "!think hm\n!chunks 30\n!tool\n!plan\n!say endAgain, please",
    );
    const order = client.updates.map((update) => update.sessionUpdate);
    expect(order.slice(0, 4)).toEqual([
      "user_message_chunk",
      "agent_thought_chunk",
      "agent_message_chunk",
      "tool_call",
    ]);
    const ids = (updates: typeof client.updates) =>
      new Set(
        updates.flatMap((update) =>
          "messageId" in update && update.sessionUpdate !== "user_message_chunk" ? [update.messageId] : [],
        ),
      );
    expect(ids(client.updates)).toEqual(ids(before.updates));
  });

  test("goes on with turns, tokens and cost where they stood", async () => {
    const dir = temporaryFolder();
    const { sessionId, cwd } = await conversation(dir, "!usage 100 20 0 0 0 0.25");
    const client = new AcpClient({ dir });
    await client.initialize();
    await client.agent.request("session/load", { sessionId, cwd, mcpServers: [] });
    client.updates.length = 0;
    await client.prompt(sessionId, "!session");
    expect(JSON.parse(client.said)).toMatchObject({ sessionId, turns: 2 });
    expect(client.updates.at(-1)).toMatchObject({ cost: { amount: 0.25 } });
    await client.prompt(sessionId, "!usage 1 1 0 0 0 0.5");
    expect(client.updates.at(-1)).toMatchObject({ cost: { amount: 0.75 } });
  });

  test("knows the question whose turn was killed", async () => {
    const dir = temporaryFolder();
    const first = new AcpClient({ dir });
    const cwd = temporaryFolder();
    const sessionId = await first.open(cwd);
    first.prompt(sessionId, "!say started", "!hang").catch(() => undefined);
    await expect.poll(() => first.said).toBe("started");
    first.process.child.kill("SIGKILL");
    await first.process.ended;
    const second = new AcpClient({ dir });
    await second.initialize();
    await second.agent.request("session/load", { sessionId, cwd, mcpServers: [] });
    expect(textOf(second.updates, "user_message_chunk")).toBe("!say started\n!hang");
  });

  test("keeps what was said before a crash", async () => {
    const dir = temporaryFolder();
    const first = new AcpClient({ dir });
    const cwd = temporaryFolder();
    const sessionId = await first.open(cwd);
    await expect(first.prompt(sessionId, "!chunks 5", "!crash 4")).rejects.toThrow();
    const second = new AcpClient({ dir });
    await second.initialize();
    await second.agent.request("session/load", { sessionId, cwd, mcpServers: [] });
    expect(second.said).toBe("chunk 1\nchunk 2\nchunk 3\nchunk 4\nchunk 5\n");
  });

  test.each([["no-such-session"], ["../../etc/passwd"], [""]])("of %j is not found", async (sessionId) => {
    const client = new AcpClient();
    await client.initialize();
    const load = client.agent.request("session/load", { sessionId, cwd: "/", mcpServers: [] });
    await expect(load).rejects.toMatchObject({ code: -32002, data: { sessionId } });
  });
});

test("resume goes on without a replay", async () => {
  const dir = temporaryFolder();
  const { sessionId, cwd } = await conversation(dir, "!say hello");
  const client = new AcpClient({ dir });
  await client.initialize();
  const answer = await client.agent.request("session/resume", { sessionId, cwd });
  expect(answer.modes?.currentModeId).toBe("demo");
  expect(client.updates).toEqual([]);
  await client.prompt(sessionId, "!session");
  expect(JSON.parse(client.said)).toMatchObject({ sessionId, turns: 2 });
});

test("list gives the last used first, by folder when asked, in pages", async () => {
  const dir = temporaryFolder();
  const first = await conversation(dir, "!say 1");
  const second = await conversation(dir, "Hello\nthere");
  const client = new AcpClient({ dir });
  await client.initialize();
  const { sessions } = await client.agent.request("session/list", {});
  expect(sessions.map(({ sessionId }) => sessionId)).toEqual([second.sessionId, first.sessionId]);
  expect(sessions[0]).toMatchObject({ cwd: second.cwd, title: "Hello there" });
  const filtered = await client.agent.request("session/list", { cwd: first.cwd });
  expect(filtered.sessions.map(({ sessionId }) => sessionId)).toEqual([first.sessionId]);

  const record = JSON.parse(readFileSync(join(dir, `${first.sessionId}.json`), "utf8"));
  for (let index = 0; index < 120; index += 1) {
    const sessionId = `copy-${index}`;
    writeFileSync(join(dir, `${sessionId}.json`), JSON.stringify({ ...record, sessionId }));
  }
  const seen = new Set<string>();
  let cursor: string | null | undefined;
  do {
    const page = await client.agent.request("session/list", { cursor });
    for (const { sessionId } of page.sessions) seen.add(sessionId);
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen.size).toBe(122);
  await expect(client.agent.request("session/list", { cursor: "x" })).rejects.toMatchObject({ code: -32602 });
});

test("close cancels the turn and keeps the session stored", async () => {
  const client = new AcpClient();
  const cwd = temporaryFolder();
  const sessionId = await client.open(cwd);
  const turn = client.prompt(sessionId, "!say on", "!hang");
  await expect.poll(() => client.said).toBe("on");
  await client.agent.request("session/close", { sessionId });
  expect((await turn).stopReason).toBe("cancelled");
  await expect(client.prompt(sessionId, "!say")).rejects.toMatchObject({ code: -32002 });
  client.updates.length = 0;
  await client.agent.request("session/load", { sessionId, cwd, mcpServers: [] });
  expect(client.said).toBe("on");
});

test("delete removes it", async () => {
  const dir = temporaryFolder();
  const client = new AcpClient({ dir });
  const sessionId = await client.open();
  await client.agent.request("session/delete", { sessionId });
  expect(readdirSync(dir)).toEqual([]);
});

test("fork, when the script offers it, is a copy that goes its own way", async () => {
  const client = new AcpClient({ script: { capabilities: { fork: true } } });
  const { agentCapabilities } = await client.initialize();
  expect(agentCapabilities?.sessionCapabilities).toMatchObject({ resume: {}, list: {} });
  const cwd = temporaryFolder();
  const { sessionId } = await client.agent.request("session/new", { cwd, mcpServers: [] });
  await client.prompt(sessionId, "!say shared");
  const fork = await client.agent.request<{ sessionId: string }>("session/fork", { sessionId, cwd });
  expect(fork.sessionId).not.toBe(sessionId);
  await client.prompt(sessionId, "!say only the first");
  client.updates.length = 0;
  await client.agent.request("session/load", { sessionId: fork.sessionId, cwd, mcpServers: [] });
  expect(client.said).toBe("shared");
});

test("a relative folder is refused", async () => {
  const client = new AcpClient();
  await client.initialize();
  const opening = client.agent.request("session/new", { cwd: "src", mcpServers: [] });
  await expect(opening).rejects.toMatchObject({ code: -32602, data: { cwd: "src" } });
});

test("the folder and its files are the user's alone", async () => {
  const dir = join(temporaryFolder(), "new");
  const client = new AcpClient({ dir });
  const sessionId = await client.open();
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, `${sessionId}.json`)).mode & 0o777).toBe(0o600);
});

test("the default folder is in the temp folder, named after the user", async () => {
  const TMPDIR = temporaryFolder();
  const client = new AcpClient({ env: { STRATAVORE_TESTKIT_DIR: "", TMPDIR } });
  const sessionId = await client.open();
  expect(readdirSync(join(TMPDIR, `stratavore-testkit-${process.getuid?.()}`))).toEqual([
    `${sessionId}.json`,
  ]);
});
