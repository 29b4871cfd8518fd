import Anthropic, {
  APIConnectionError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import type { ModelApi } from "../../src/model-api/server.js";
import { collect, open, script } from "./fixture.js";

const tools: Anthropic.Tool[] = [{ name: "Bash", input_schema: { type: "object" } }];

function client(api: ModelApi): Anthropic {
  return new Anthropic({ baseURL: api.url, apiKey: "dummy", maxRetries: 0 });
}

function ask(...lines: string[]) {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: script(...lines) }];
  return { model: "claude-test", max_tokens: 100, tools, messages };
}

test("a message with thinking, text, usage and an end", async () => {
  const api = await open();
  const message = await client(api).messages.create(ask("!think Hm.", "!say Hello.", "!usage 10 20 30 40 5"));
  expect(message).toMatchObject({
    type: "message",
    role: "assistant",
    model: "claude-test",
    stop_reason: "end_turn",
    content: [
      { type: "thinking", thinking: "Hm.", signature: expect.stringMatching(/.+/) },
      { type: "text", text: "Hello." },
    ],
    usage: {
      input_tokens: 10,
      output_tokens: 20,
      cache_read_input_tokens: 30,
      cache_creation_input_tokens: 40,
      output_tokens_details: { thinking_tokens: 5 },
    },
  });
  expect(api.log.entries).toMatchObject([
    {
      api: "messages",
      kind: "answer",
      model: "claude-test",
      stream: false,
      key: "dummy",
      messages: 1,
      requestId: message._request_id,
      usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: 5 },
      status: 200,
      outcome: "answered",
    },
  ]);
});

test("the stream of it, event by event, is the same message", async () => {
  const api = await open();
  const asked = ask("!think Hm.", "!say Hello, all of you, wherever you are.", "!usage 10 20 30 40 5");
  const stream = client(api).messages.stream(asked);
  const events = (await collect(stream)).map(({ type }) => type);
  expect(events[0]).toBe("message_start");
  expect(events.slice(-2)).toEqual(["message_delta", "message_stop"]);
  expect(events.filter((type) => type === "content_block_start")).toHaveLength(2);
  expect(events.filter((type) => type === "content_block_delta").length).toBeGreaterThan(3);
  expect(await stream.finalMessage()).toMatchObject({
    stop_reason: "end_turn",
    content: [
      { type: "thinking", thinking: "Hm.", signature: expect.stringMatching(/.+/) },
      { type: "text", text: "Hello, all of you, wherever you are." },
    ],
    usage: { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 30 },
  });
});

test("a message start tells of the prompt's tokens and of one of output", async () => {
  const api = await open();
  const stream = await client(api).messages.create({
    ...ask("!say Hi.", "!usage 10 20 30 40"),
    stream: true,
  });
  const events = await collect(stream);
  expect(events[0]).toMatchObject({
    message: {
      usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 30 },
      stop_reason: null,
    },
  });
  expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "end_turn" }, usage: { output_tokens: 20 } });
});

test("tool calls, their results, and what follows in the script", async () => {
  const api = await open();
  const asked = ask(
    "!say First.",
    '!tool Bash {"command":"ls -l /tmp"}',
    "!tool Bash",
    "!say Done.",
    "!tool Bash",
  );
  for (const send of [
    () => client(api).messages.create(asked),
    () => client(api).messages.stream(asked).finalMessage(),
  ]) {
    const first = await send();
    expect(first.stop_reason).toBe("tool_use");
    expect(first.content).toMatchObject([
      { type: "text", text: "First." },
      { type: "tool_use", name: "Bash", input: { command: "ls -l /tmp" } },
      { type: "tool_use", name: "Bash", input: {} },
    ]);
    const calls = first.content.filter((block) => block.type === "tool_use");
    const results = calls.map(({ id }) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "!say no",
    }));
    const second = await client(api).messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: results },
      ],
    });
    expect(second.content).toMatchObject([{ type: "text", text: "Done." }, { type: "tool_use" }]);
  }
});

test.each(["max_tokens", "refusal"] as const)("the stop reason %s", async (reason) => {
  const api = await open();
  const asked = ask("!say Half a", `!stop ${reason}`, "!say never said");
  expect(await client(api).messages.create(asked)).toMatchObject({
    stop_reason: reason,
    content: [{ text: "Half a" }],
  });
});

test("errors have the API's shape, its request id and its headers", async () => {
  const api = await open();
  const limited = await client(api)
    .messages.create(ask("!error 429 30"))
    .catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(RateLimitError);
  const { headers, requestID, type } = limited as RateLimitError;
  expect(type).toBe("rate_limit_error");
  expect(requestID).toBe(api.log.entries[0]?.requestId);
  expect(headers.get("retry-after")).toBe("30");
  expect(headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  const reset = Date.parse(headers.get("anthropic-ratelimit-requests-reset") ?? "");
  expect(reset).toBeGreaterThan(Date.now() + 20_000);
  expect(
    await client(api)
      .messages.create(ask("!error 401"))
      .catch((error: unknown) => error),
  ).toBeInstanceOf(AuthenticationError);
  for (const [status, type] of [
    [400, "invalid_request_error"],
    [500, "api_error"],
    [529, "overloaded_error"],
  ] as const) {
    const asked = client(api).messages.create(ask(`!error ${status}`));
    await expect(asked).rejects.toMatchObject({ status, type });
  }
  expect(api.log.entries.map(({ outcome }) => outcome)).toEqual(Array(5).fill("failed"));
});

test("an answer that is no error has limits left", async () => {
  const api = await open();
  const { response } = await client(api)
    .messages.create(ask("!say Hi.", "!header X-More yes"))
    .withResponse();
  expect(Number(response.headers.get("anthropic-ratelimit-requests-remaining"))).toBeGreaterThan(0);
  expect(response.headers.get("x-more")).toBe("yes");
});

test("an error after something was said comes in the stream", async () => {
  const api = await open();
  const stream = client(api).messages.stream(ask("!say Half", "!usage 7 9", "!error 529"));
  const said: string[] = [];
  stream.on("text", (text) => said.push(text));
  const error = await stream.finalMessage().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ type: "overloaded_error" });
  expect(said).toEqual(["Half"]);
  expect(api.log.total()).toMatchObject({ input: 7, output: 1, requests: 1 });
});

test.each([
  ["whole", false],
  ["stream", true],
])("a connection breaks midway: %s", async (_, stream) => {
  const api = await open();
  const asked = ask("!say Half", "!usage 7 9", "!drop");
  const answer = stream
    ? client(api).messages.stream(asked).finalMessage()
    : client(api).messages.create(asked);
  await expect(answer).rejects.toThrow();
  expect(api.log.entries).toMatchObject([{ outcome: "dropped", usage: { input: stream ? 7 : 0 } }]);
});

test("a client tries again by itself, and gets on", async () => {
  const api = await open();
  const patient = new Anthropic({ baseURL: api.url, apiKey: "dummy", maxRetries: 3 });
  const asked = ask("!error 529 0 2", "!drop 1", "!say At last.");
  expect((await patient.messages.create(asked)).content).toMatchObject([{ text: "At last." }]);
  expect(api.log.entries.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "dropped", "answered"]);
});

test("a hang says what it has and no more, until the client leaves", async () => {
  const api = await open();
  const stream = client(api).messages.stream(ask("!say Wait", "!hang"));
  const said = await new Promise((resolve) => stream.once("text", resolve));
  expect(said).toBe("Wait");
  expect(api.log.entries).toMatchObject([{ outcome: "open" }]);
  stream.abort();
  await expect(stream.done()).rejects.toBeInstanceOf(APIUserAbortError);
  await api.log.waitFor(({ outcome }) => outcome === "left");
});

test("a hang ends when the server is closed", async () => {
  const api = await open();
  const answer = client(api).messages.create(ask("!hang"));
  const caught = answer.catch((error: unknown) => error);
  await api.log.waitFor(({ outcome }) => outcome === "open");
  await api.close();
  expect(await caught).toBeInstanceOf(APIConnectionError);
});

test("a slow answer comes in as many pieces, each after a pause", async () => {
  const api = await open();
  const began = Date.now();
  const events = await collect(client(api).messages.stream(ask("!slow 20 5", "!say abcdefghij")));
  const texts = events.flatMap((event) =>
    event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : [],
  );
  expect(texts).toEqual(["ab", "cd", "ef", "gh", "ij"]);
  expect(Date.now() - began).toBeGreaterThanOrEqual(95);
});

test("tokens are counted and models listed", async () => {
  const api = await open({ models: ["a", "b"] });
  const { model, messages } = ask("Hello");
  expect((await client(api).messages.countTokens({ model, messages })).input_tokens).toBeGreaterThan(0);
  expect((await collect(client(api).models.list())).map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await client(api).models.retrieve("b")).id).toBe("b");
  await expect(client(api).models.retrieve("c")).rejects.toMatchObject({
    status: 404,
    type: "not_found_error",
  });
  expect(api.log.entries.map(({ kind, model }) => [kind, model])).toEqual(Array(4).fill(["other", ""]));
});
