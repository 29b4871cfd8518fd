import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import { noUsage } from "../../src/model-api/dialect.js";
import { Ledger, type LogEntry } from "../../src/model-api/ledger.js";
import { type ModelApi, startModelApi } from "../../src/model-api/server.js";
import { open } from "./fixture.js";

async function ask(api: ModelApi, prompt: string, model = "m", apiKey = "dummy") {
  const client = new Anthropic({ baseURL: api.url, apiKey, maxRetries: 0 });
  return client.messages.create({ model, max_tokens: 9, messages: [{ role: "user", content: prompt }] });
}

function entry(requestId: string): LogEntry {
  const request = { requestId, at: new Date(), api: "chat", method: "POST", path: "/", body: {} } as const;
  const asked = { kind: "answer", model: "m", stream: false, key: "", messages: 1 } as const;
  return { ...request, ...asked, usage: noUsage, status: 0, outcome: "open" };
}

test("a function may answer, and leave the rest to the script", async () => {
  const api = await open({
    reply: async ({ model, messages }) =>
      model === "mine" ? { parts: [{ type: "text", text: messages[0]!.text.toUpperCase() }] } : undefined,
  });
  expect((await ask(api, "hello", "mine")).content).toMatchObject([{ text: "HELLO" }]);
  expect((await ask(api, "!say hello")).content).toMatchObject([{ text: "hello" }]);
});

test("a function that throws is a 500 with its words", async () => {
  const api = await open({
    reply: () => {
      throw new Error("no idea");
    },
  });
  await expect(ask(api, "hello")).rejects.toMatchObject({
    status: 500,
    message: expect.stringContaining("no idea"),
  });
});

test("queued answers are given in their order, then the script again", async () => {
  const api = await open();
  api.enqueue(
    { failure: { type: "error", status: 503, message: "not now" } },
    { parts: [{ type: "tool", name: "Bash", input: { command: "ls" }, id: "1" }], usage: { output: 3 } },
  );
  await expect(ask(api, "!say a")).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining("not now"),
  });
  expect(await ask(api, "!say a")).toMatchObject({
    stop_reason: "tool_use",
    content: [{ id: "toolu_1", input: { command: "ls" } }],
    usage: { input_tokens: 0, output_tokens: 3 },
  });
  expect((await ask(api, "!say a")).content).toMatchObject([{ text: "a" }]);
});

test("usage that no script gives is an estimate, the same in the answer and in the log", async () => {
  const api = await open();
  const { usage } = await ask(api, "!think 1234\n!say 12345678");
  const [logged] = api.log.entries;
  expect(usage).toMatchObject({ output_tokens: 3, output_tokens_details: { thinking_tokens: 1 } });
  expect(usage.input_tokens).toBe(Math.ceil(JSON.stringify(logged?.body).length / 4));
  expect(logged?.usage).toEqual({
    input: usage.input_tokens,
    output: 3,
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 1,
  });
});

test("an answer can be late", async () => {
  const api = await open();
  const began = Date.now();
  await ask(api, "!sleep 60\n!sleep 60\n!say late");
  expect(Date.now() - began).toBeGreaterThanOrEqual(115);
});

test("only the given keys are let in", async () => {
  const api = await open({ keys: ["right"] });
  expect((await ask(api, "!say in", "m", "right")).content).toMatchObject([{ text: "in" }]);
  await expect(ask(api, "!say in", "m", "wrong")).rejects.toMatchObject({ status: 401 });
  expect((await fetch(`${api.url}/v1/models`)).status).toBe(401);
  expect(api.log.entries.map(({ key, status }) => [key, status])).toEqual([
    ["right", 200],
    ["wrong", 401],
    ["", 401],
  ]);
});

test("an unknown path is a 404 in the client's own form, and in the log", async () => {
  const api = await open();
  const anthropic = await fetch(`${api.url}/api/hello`);
  expect([anthropic.status, (await anthropic.json()) as object]).toMatchObject([
    404,
    { type: "error", error: { type: "not_found_error" } },
  ]);
  const openAi = await fetch(`${api.url}/v1/embeddings`, { method: "POST", body: "{}" });
  expect([openAi.status, await openAi.json()]).toMatchObject([404, { error: { code: "not_found" } }]);
  const gemini = await fetch(`${api.url}/v1beta/files`);
  expect([gemini.status, await gemini.json()]).toMatchObject([404, { error: { status: "NOT_FOUND" } }]);
  expect((await fetch(`${api.url}/api/hello`, { method: "HEAD" })).status).toBe(404);
  expect(api.log.entries.map(({ method, path, kind }) => `${kind} ${method} ${path}`)).toEqual([
    "other GET /api/hello",
    "other POST /v1/embeddings",
    "other GET /v1beta/files",
    "other HEAD /api/hello",
  ]);
});

test("a body that is no JSON is a 400", async () => {
  const api = await open();
  const answer = await fetch(`${api.url}/v1/messages`, { method: "POST", body: "{" });
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { error: { type: "invalid_request_error" } },
  ]);
});

test("the log sums up by model, and a cleared one begins anew", async () => {
  const api = await open();
  await ask(api, "!usage 1 2 3 4 1\n!say a", "x");
  await ask(api, "!usage 10 20 30 40 10\n!say a", "x");
  await ask(api, "!usage 5 5\n!say a", "y");
  await expect(ask(api, "!error 500", "y")).rejects.toThrow();
  expect(Object.fromEntries(api.log.byModel())).toEqual({
    x: { input: 11, output: 22, cacheRead: 33, cacheWrite: 44, reasoning: 11, requests: 2 },
    y: { input: 5, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, requests: 2 },
  });
  expect(api.log.total()).toMatchObject({ input: 16, output: 27, requests: 4 });
  api.log.clear();
  expect(api.log.total()).toMatchObject({ input: 0, requests: 0 });
  expect(api.log.entries).toEqual([]);
});

test("the log keeps as much as it is told, and counts all", async () => {
  const api = await open({ maxEntries: 3, maxBodies: 1 });
  for (const index of [1, 2, 3, 4, 5]) await ask(api, `!usage ${index} 1\n!say a`);
  expect(api.log.entries.map(({ usage, body }) => [usage.input, body !== undefined])).toEqual([
    [3, false],
    [4, false],
    [5, true],
  ]);
  expect(api.log.total()).toMatchObject({ input: 15, requests: 5 });
});

test("an entry that was dropped while its request ran is counted, and not noted again", () => {
  const log = new Ledger({ maxEntries: 1 });
  const first = log.open(entry("1"));
  log.open(entry("2"));
  first({ usage: { ...noUsage, input: 7 } });
  expect(log.entries.map(({ requestId }) => requestId)).toEqual(["2"]);
  expect(log.byModel().get("m")).toMatchObject({ input: 7, requests: 2 });
});

test("a body that was dropped while its request ran does not come back", () => {
  const log = new Ledger({ maxBodies: 1 });
  const first = log.open(entry("1"));
  log.open(entry("2"));
  first({ outcome: "answered" });
  expect(log.entries).toMatchObject([{ outcome: "answered", body: undefined }, { body: {} }]);
});

test("a port that is taken is an error, a closed one is free", async () => {
  const api = await open();
  const port = Number(new URL(api.url).port);
  await expect(startModelApi({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await api.close();
  const again = await open({ port });
  expect(again.url).toBe(api.url);
});
