import OpenAI, { RateLimitError } from "openai";
import { expect, test } from "vitest";
import type { ModelApi } from "../../src/model-api/server.js";
import { collect, open, script } from "./fixture.js";

const tools: OpenAI.ChatCompletionTool[] = [{ type: "function", function: { name: "bash", parameters: {} } }];

function client(api: ModelApi): OpenAI {
  return new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "dummy", maxRetries: 0 });
}

function ask(...lines: string[]) {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: script(...lines) }];
  return { model: "gpt-test", tools, messages };
}

const usage = {
  prompt_tokens: 80,
  completion_tokens: 20,
  total_tokens: 100,
  prompt_tokens_details: { cached_tokens: 30 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

test("a completion with text and usage", async () => {
  const api = await open();
  const answer = await client(api).chat.completions.create(
    ask("!think Hm.", "!say Hello.", "!usage 10 20 30 40 5"),
  );
  expect(answer).toMatchObject({
    object: "chat.completion",
    model: "gpt-test",
    choices: [{ finish_reason: "stop", message: { role: "assistant", content: "Hello." } }],
    usage,
  });
  expect(api.log.entries).toMatchObject([
    {
      api: "chat",
      key: "dummy",
      usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: 5 },
    },
  ]);
});

test("the stream of it, with its usage only if that is asked for", async () => {
  const api = await open();
  const asked = ask("!think Hm.", "!say Hello, all of you, wherever you are.", "!usage 10 20 30 40 5");
  const stream = client(api).chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
  const answer = await stream.finalChatCompletion();
  expect(answer.choices[0]?.message.content).toBe("Hello, all of you, wherever you are.");
  expect(answer.usage).toEqual(usage);
  const bare = await collect(await client(api).chat.completions.create({ ...asked, stream: true }));
  expect(bare.filter((chunk) => chunk.usage)).toEqual([]);
  expect(bare.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  const deltas = bare.map((chunk) => chunk.choices[0]?.delta as { reasoning_content?: string } | undefined);
  const thoughts = deltas.map((delta) => delta?.reasoning_content);
  expect(thoughts.join("")).toBe("Hm.");
});

test("tool calls, their results, and what follows in the script", async () => {
  const api = await open();
  const asked = ask("!say First.", '!tool bash {"command":"ls -l /tmp"}', "!tool bash", "!say Done.");
  const whole = await client(api).chat.completions.create(asked);
  const streamed = await client(api).chat.completions.stream(asked).finalChatCompletion();
  for (const answer of [whole, streamed]) {
    const { finish_reason, message } = answer.choices[0]!;
    expect(finish_reason).toBe("tool_calls");
    expect(message).toMatchObject({
      content: "First.",
      tool_calls: [
        { type: "function", function: { name: "bash", arguments: '{"command":"ls -l /tmp"}' } },
        { type: "function", function: { name: "bash", arguments: "{}" } },
      ],
    });
    const results = message.tool_calls!.map(({ id }) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: "!",
    }));
    const messages = [...asked.messages, message, ...results];
    const next = await client(api).chat.completions.create({ ...asked, messages });
    expect(next.choices[0]?.message.content).toBe("Done.");
  }
});

test.each([
  ["max_tokens", "length"],
  ["refusal", "content_filter"],
])("the stop reason %s is %s", async (reason, expected) => {
  const api = await open();
  const answer = await client(api).chat.completions.create(ask("!say Half a", `!stop ${reason}`));
  expect(answer.choices[0]?.finish_reason).toBe(expected);
});

test("errors, before and in a stream, a broken connection and a hang", async () => {
  const api = await open();
  const { completions } = client(api).chat;
  const limited = await completions.create(ask("!error 429 30")).catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(RateLimitError);
  expect((limited as RateLimitError).headers?.get("retry-after")).toBe("30");
  expect((limited as RateLimitError).requestID).toBe(api.log.entries[0]?.requestId);
  await expect(completions.create(ask("!error 401"))).rejects.toMatchObject({
    status: 401,
    code: "invalid_api_key",
  });
  const stream = (...lines: string[]) => completions.stream(ask(...lines)).finalChatCompletion();
  await expect(stream("!say Half", "!error 500")).rejects.toMatchObject({ type: "server_error" });
  await expect(stream("!say Half", "!drop")).rejects.toThrow();
  const hanging = completions.stream(ask("!say Half", "!hang"));
  await new Promise((resolve) => hanging.once("content", resolve));
  hanging.abort();
  await expect(hanging.done()).rejects.toThrow();
  await api.log.waitFor(({ outcome }) => outcome === "left");
  expect(api.log.entries.map(({ outcome }) => outcome)).toEqual([
    "failed",
    "failed",
    "failed",
    "dropped",
    "left",
  ]);
});

test("models are listed", async () => {
  const api = await open({ models: ["a", "b"] });
  expect((await collect(client(api).models.list())).map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await client(api).models.retrieve("a")).id).toBe("a");
  await expect(client(api).models.retrieve("c")).rejects.toMatchObject({ status: 404 });
});
