import { ApiError, type Content, GoogleGenAI, type Part } from "@google/genai";
import { expect, test } from "vitest";
import type { ModelApi } from "../../src/model-api/server.js";
import { collect, open, script } from "./fixture.js";

const config = { tools: [{ functionDeclarations: [{ name: "shell" }] }], httpOptions: {} };

function client(api: ModelApi): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: "dummy",
    httpOptions: { baseUrl: api.url, retryOptions: { attempts: 1 } },
  });
}

function ask(...lines: string[]) {
  const contents: Content[] = [{ role: "user", parts: [{ text: script(...lines) }] }];
  return { model: "gemini-test", config, contents };
}

const usage = {
  promptTokenCount: 80,
  cachedContentTokenCount: 30,
  candidatesTokenCount: 15,
  thoughtsTokenCount: 5,
  totalTokenCount: 100,
};

test("an answer with a thought, text and usage", async () => {
  const api = await open();
  const answer = await client(api).models.generateContent(
    ask("!think Hm.", "!say Hello.", "!usage 10 20 30 40 5"),
  );
  expect(answer.text).toBe("Hello.");
  expect(answer.candidates?.[0]).toMatchObject({
    finishReason: "STOP",
    content: { role: "model", parts: [{ text: "Hm.", thought: true }, { text: "Hello." }] },
  });
  expect(answer.usageMetadata).toMatchObject(usage);
  expect(api.log.entries).toMatchObject([
    {
      api: "gemini",
      model: "gemini-test",
      key: "dummy",
      stream: false,
      usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: 5 },
    },
  ]);
});

test("the stream of it", async () => {
  const api = await open();
  const asked = ask("!say Hello, all of you, wherever you are.", "!usage 10 20 30 40 5");
  const chunks = await collect(await client(api).models.generateContentStream(asked));
  expect(chunks.length).toBeGreaterThan(2);
  expect(chunks.map(({ text }) => text).join("")).toBe("Hello, all of you, wherever you are.");
  expect(chunks.at(-1)?.usageMetadata).toMatchObject(usage);
  expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
  expect(api.log.entries).toMatchObject([{ stream: true, outcome: "answered" }]);
});

test("a stream that is no server-sent events is a JSON array", async () => {
  const api = await open();
  const { contents } = ask("!say Hello.");
  const url = `${api.url}/v1beta/models/gemini-test:streamGenerateContent`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ contents }) });
  expect(await answer.json()).toMatchObject([
    { candidates: [{ content: { parts: [{ text: "Hello." }] } }] },
    { candidates: [{ finishReason: "STOP" }] },
  ]);
});

test("function calls, their results, and what follows in the script", async () => {
  const api = await open();
  const asked = ask("!say First.", '!tool shell {"command":"ls"}', "!tool shell", "!say Done.");
  const whole = await client(api).models.generateContent(asked);
  const chunks = await collect(await client(api).models.generateContentStream(asked));
  for (const calls of [
    whole.functionCalls ?? [],
    chunks.flatMap(({ functionCalls }) => functionCalls ?? []),
  ]) {
    expect(calls).toMatchObject([
      { name: "shell", args: { command: "ls" } },
      { name: "shell", args: {} },
    ]);
    const results = calls.map(
      ({ id, name }): Part => ({ functionResponse: { id, name, response: { ok: true } } }),
    );
    const contents: Content[] = [
      ...asked.contents,
      { role: "model", parts: calls.map((functionCall) => ({ functionCall })) },
      { role: "user", parts: results },
    ];
    expect((await client(api).models.generateContent({ ...asked, contents })).text).toBe("Done.");
  }
});

test.each([
  ["max_tokens", "MAX_TOKENS"],
  ["refusal", "SAFETY"],
])("the stop reason %s is %s", async (stop, finishReason) => {
  const api = await open();
  const answer = await client(api).models.generateContent(ask("!say Half a", `!stop ${stop}`));
  expect(answer.candidates?.[0]).toMatchObject({ finishReason });
});

test("errors, and a broken connection", async () => {
  const api = await open();
  const limited = await client(api)
    .models.generateContent(ask("!error 429 30"))
    .catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(ApiError);
  expect(limited).toMatchObject({ status: 429 });
  expect((limited as ApiError).message).toContain("RESOURCE_EXHAUSTED");
  expect((limited as ApiError).message).toContain('"retryDelay":"30s"');
  const stream = async (...lines: string[]) =>
    collect(await client(api).models.generateContentStream(ask(...lines)));
  await expect(stream("!say Half", "!error 500")).rejects.toMatchObject({ status: 500 });
  await expect(stream("!say Half", "!drop")).rejects.toThrow();
  expect(api.log.entries.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "dropped"]);
});

test("tokens are counted and models listed", async () => {
  const api = await open({ models: ["a", "b"] });
  const { model, contents } = ask("Hello");
  expect((await client(api).models.countTokens({ model, contents })).totalTokens).toBeGreaterThan(0);
  const models = await collect(await client(api).models.list());
  expect(models.map(({ name }) => name)).toEqual(["models/a", "models/b"]);
});
