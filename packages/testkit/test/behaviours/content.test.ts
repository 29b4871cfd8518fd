import { expect, test } from "vitest";
import { AcpClient, temporaryFolder, textOf } from "../agent-process.js";

async function ask(...lines: string[]) {
  const client = new AcpClient({ env: { TESTKIT_PROBE: "seen" } });
  const cwd = temporaryFolder();
  const sessionId = await client.open(cwd);
  const response = await client.prompt(sessionId, ...lines);
  const kinds = client.updates.map((update) => update.sessionUpdate);
  return { client, sessionId, cwd, response, kinds };
}

test("say, in order, and nothing of the other lines", async () => {
  const { client, response } = await ask("!say one ", "ignored", "!say  two");
  expect(client.said).toBe("onetwo");
  expect(response.stopReason).toBe("end_turn");
});

test("chunks are numbered, one update each, of one message", async () => {
  const { client } = await ask("!chunks 200");
  expect(client.said).toBe(Array.from({ length: 200 }, (_, index) => `chunk ${index + 1}\n`).join(""));
  const chunks = client.updates.filter((update) => update.sessionUpdate === "agent_message_chunk");
  expect(chunks.length).toBe(200);
  expect(new Set(chunks.map((chunk) => chunk.messageId)).size).toBe(1);
});

test("a tool call between two texts makes them two messages", async () => {
  const { client } = await ask("!say a", "!tool", "!say b");
  const chunks = client.updates.filter((update) => update.sessionUpdate === "agent_message_chunk");
  expect(new Set(chunks.map((chunk) => chunk.messageId)).size).toBe(2);
});

test("echo sends text without directives, and other blocks as they came", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  const link = { type: "resource_link" as const, name: "notes", uri: "file:///notes.md" };
  const prompt = [{ type: "text" as const, text: "hello\n!echo" }, link];
  await client.agent.request("session/prompt", { sessionId, prompt });
  expect(client.said).toBe("hello");
  expect(client.updates).toContainEqual(expect.objectContaining({ content: link }));
});

test("think and plan", async () => {
  const { client, kinds } = await ask("!think deeply", "!think", "!plan");
  expect(textOf(client.updates, "agent_thought_chunk")).toBe("deeplyThinking about it.");
  expect(kinds.filter((kind) => kind === "plan").length).toBe(4);
});

test("image", async () => {
  const { client } = await ask("!image");
  const [update] = client.updates;
  expect(update).toMatchObject({ content: { type: "image", mimeType: "image/png" } });
  const data = (update as { content: { data: string } }).content.data;
  expect(Buffer.from(data, "base64").subarray(1, 4).toString()).toBe("PNG");
});

test("update sends any update", async () => {
  const { client } = await ask('!update {"sessionUpdate":"current_mode_update","currentModeId":"plan"}');
  expect(client.updates[0]).toMatchObject({ sessionUpdate: "current_mode_update", currentModeId: "plan" });
});

test("update refuses what is not JSON", async () => {
  await expect(ask("!update {")).rejects.toMatchObject({ code: -32602 });
});

test("session says what it was opened with", async () => {
  const { client, sessionId, cwd } = await ask("!session");
  const { pid } = client.process.child;
  expect(JSON.parse(client.said)).toEqual({
    pid,
    sessionId,
    cwd,
    mode: "demo",
    model: "demo",
    turns: 1,
    mcpServers: [],
  });
});

test("env", async () => {
  const { client } = await ask("!env TESTKIT_PROBE", "!env TESTKIT_ABSENT", "!env");
  expect(client.said).toMatch(/^TESTKIT_PROBE=seen\nTESTKIT_ABSENT is not set\n/);
  expect(client.said.split("\n")).toContain("PATH");
});

test("tool lists the folder, or fails", async () => {
  const { client } = await ask("!tool", "!tool fail");
  const results = client.updates.filter(
    (update) => update.sessionUpdate === "tool_call_update" && update.status !== "in_progress",
  );
  expect(results).toMatchObject([
    { status: "completed", content: [{ content: { text: "(empty)" } }] },
    { status: "failed", content: [{ content: { text: expect.stringContaining("asked it to") } }] },
  ]);
});

test("diff", async () => {
  const { client, cwd } = await ask("!diff a b.txt");
  expect(client.updates[1]).toMatchObject({
    status: "completed",
    content: [{ type: "diff", path: `${cwd}/a b.txt`, oldText: "Hello\n", newText: "Hello, world\n" }],
  });
});

test("usage is reported for the turn, and its cost adds up over the session", async () => {
  const { client, sessionId, response } = await ask("!usage 10 5 100 20 3 0.1");
  expect(response.usage).toEqual({
    totalTokens: 138,
    inputTokens: 10,
    outputTokens: 5,
    cachedReadTokens: 100,
    cachedWriteTokens: 20,
    thoughtTokens: 3,
  });
  expect(client.updates.at(-1)).toMatchObject({ used: 115, cost: { amount: 0.1 } });
  await client.prompt(sessionId, "!usage 1 1 0 0 0 0.2");
  expect(client.updates.at(-1)).toMatchObject({ used: 2, cost: { amount: 0.3, currency: "USD" } });
});
