import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunnerActivity, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { answer, asked, call, claudeHouse, over, say, talking, toolCalls } from "./fixture/claude.js";

const allow = { case: "allow", value: true } as const;
const reject = { case: "allow", value: false } as const;

test("an edited input takes the place of what the agent wanted, and is what the transcript shows", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const text = `${call("Bash", { command: "touch wanted", description: "make" })}\n!say Done.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId } = await asked(house, sessionId);
  const editedInput = { command: "touch edited", description: "make" };
  await house.approvals.resolveApproval({ approvalId, answer: allow, editedInput });
  await over(house, sessionId, turn!.id);
  expect(existsSync(join(house.path, "edited"))).toBe(true);
  expect(existsSync(join(house.path, "wanted"))).toBe(false);
  expect((await toolCalls(house, sessionId))[0]?.title).toBe("touch edited");
});

test("a rejection can say why, and the model hears it", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const text = `${call("Bash", { command: "touch made", description: "make" })}\n!say I see.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId } = await asked(house, sessionId);
  await house.approvals.resolveApproval({ approvalId, answer: reject, message: "use mktemp instead" });
  await over(house, sessionId, turn!.id);
  const sent = house.api.log.entries.findLast(({ kind }) => kind === "answer")?.body;
  expect(JSON.stringify(sent)).toContain("use mktemp instead");
});

test("the agent's questions are answered by their names", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  const options = [
    { label: "Red", description: "warm" },
    { label: "Blue", description: "cold" },
  ];
  const questions = [{ question: "Which colour?", header: "Colour", multiSelect: false, options }];
  const text = `${call("AskUserQuestion", { questions })}\n!say Thank you.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId, question } = await asked(house, sessionId);
  expect(question).toMatchObject({ required: ["Which colour?"] });
  const { runner } = await house.runners.getRunner({ runnerId });
  expect(runner?.activity).toBe(RunnerActivity.AWAITING_INPUT);
  await house.approvals.resolveApproval({ approvalId, answer: allow, answers: { "Which colour?": "Blue" } });
  expect(await over(house, sessionId, turn!.id)).toMatchObject({ state: TurnState.COMPLETED });
  const sent = house.api.log.entries.findLast(({ kind }) => kind === "answer")?.body;
  expect(JSON.stringify(sent)).toContain("Blue");
  expect(await answer(house, sessionId)).toBe("Thank you.");
});

test("an image of a message reaches the model", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const { turn } = await house.sessions.sendMessage({
    sessionId,
    text: "!say I see a dot.",
    parts: [{ kind: { case: "blob", value: { mimeType: "image/png", data: png } } }],
  });
  expect(await over(house, sessionId, turn!.id)).toMatchObject({ state: TurnState.COMPLETED });
  const sent = house.api.log.entries.findLast(({ kind }) => kind === "answer")?.body;
  expect(JSON.stringify(sent)).toContain('"media_type":"image/png"');
});

test("its MCP servers are those of the runner; one that cannot be used is told", async () => {
  const house = await claudeHouse();
  const server = join(house.folder, "mcp.mjs");
  writeFileSync(server, mcpServer);
  const { runnerId, sessionId } = await talking(house, {
    mcpServers: [
      { name: "plums", command: [process.execPath, server] },
      { name: "gone", command: [fileURLToPath(new URL("no-such-program", import.meta.url))] },
    ],
  });
  const warnings = async () => (await house.runners.getRunner({ runnerId })).runner?.warnings ?? [];
  await expect.poll(warnings).toEqual([expect.stringContaining("the MCP server gone could not be used")]);
  const text = `${call("mcp__plums__pick", { count: 2 })}\n!say Picked.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId, toolCall } = await asked(house, sessionId);
  expect(toolCall?.title).toBe("plums: pick");
  await house.approvals.resolveApproval({ approvalId, answer: allow });
  await over(house, sessionId, turn!.id);
  const [picked] = await toolCalls(house, sessionId);
  expect(picked?.content[0]?.kind.value).toBe("2 plums");
});

test("a provider that limits the rate holds the turn back, which is said, and then it goes on", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  house.api.enqueue({ failure: { type: "error", status: 429, retryAfter: 1 } });
  const turn = await say(house, sessionId, "!say At last.");
  expect(turn).toMatchObject({ state: TurnState.COMPLETED });
  const { messages } = await house.sessions.getSessionTranscript({ sessionId });
  const notices = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  expect(notices).toEqual([
    expect.stringContaining("The model's provider refused a request (rate_limit, status 429)"),
  ]);
  expect(await answer(house, sessionId)).toBe("At last.");
});

/** An MCP server with one tool, over lines of JSON. */
const mcpServer = `
import { createInterface } from "node:readline";
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "plums", version: "1" },
  }),
  "tools/list": () => ({
    tools: [{ name: "pick", description: "Picks", inputSchema: { type: "object", properties: { count: { type: "number" } } } }],
  }),
  "tools/call": ({ arguments: { count } }) => ({ content: [{ type: "text", text: count + " plums" }] }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answer = answers[method];
  const body = answer ? { result: answer(params) } : { error: { code: -32601, message: "no" } };
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...body }) + "\\n");
}
`;
