import OpenAI from "openai";
import { expect, test } from "vitest";
import type { ModelApi } from "../../src/model-api/server.js";
import { collect, open, script } from "./fixture.js";

const tools: OpenAI.Responses.Tool[] = [
  { type: "function", name: "shell", parameters: {}, strict: false },
  { type: "custom", name: "apply_patch" },
];

function client(api: ModelApi): OpenAI {
  return new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "dummy", maxRetries: 0 });
}

function ask(...lines: string[]) {
  return { model: "gpt-test", tools, input: script(...lines) };
}

const usage = {
  input_tokens: 80,
  input_tokens_details: { cached_tokens: 30 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 100,
};

test("a response with reasoning, text and usage", async () => {
  const api = await open();
  const answer = await client(api).responses.create(ask("!think Hm.", "!say Hello.", "!usage 10 20 30 40 5"));
  expect(answer.output_text).toBe("Hello.");
  expect(answer).toMatchObject({
    object: "response",
    status: "completed",
    model: "gpt-test",
    output: [
      { type: "reasoning", summary: [{ text: "Hm." }] },
      { type: "message", role: "assistant" },
    ],
    usage,
  });
  expect(api.log.entries).toMatchObject([
    { api: "responses", usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: 5 } },
  ]);
});

test("the stream of it, event by event, is the same response", async () => {
  const api = await open();
  const stream = client(api).responses.stream(
    ask("!think Hm.", "!say Hello, all of you, wherever you are.", "!usage 10 20 30 40 5"),
  );
  const events = await collect(stream);
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  expect(events[0]?.type).toBe("response.created");
  expect(events.at(-1)?.type).toBe("response.completed");
  const texts = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
  expect(texts.length).toBeGreaterThan(1);
  expect(texts.join("")).toBe("Hello, all of you, wherever you are.");
  const final = await stream.finalResponse();
  expect(final).toMatchObject({ status: "completed", output_text: texts.join(""), usage });
});

test("tool calls of both kinds, their results, and what follows in the script", async () => {
  const api = await open();
  const asked = ask('!tool shell {"command":["ls"]}', '!tool apply_patch "*** Begin"', "!say Done.");
  const whole = await client(api).responses.create(asked);
  const streamed = await client(api).responses.stream(asked).finalResponse();
  for (const answer of [whole, streamed]) {
    expect(answer.output).toMatchObject([
      { type: "function_call", name: "shell", arguments: '{"command":["ls"]}' },
      { type: "custom_tool_call", name: "apply_patch", input: "*** Begin" },
    ]);
    const results = answer.output.map((item) =>
      item.type === "function_call"
        ? { type: "function_call_output" as const, call_id: item.call_id, output: "ok" }
        : {
            type: "custom_tool_call_output" as const,
            call_id: (item as { call_id: string }).call_id,
            output: "ok",
          },
    );
    const input = [{ role: "user" as const, content: asked.input }, ...answer.output, ...results];
    const next = await client(api).responses.create({
      ...asked,
      input: input as OpenAI.Responses.ResponseInput,
    });
    expect(next.output_text).toBe("Done.");
  }
});

test.each([
  ["max_tokens", "max_output_tokens"],
  ["refusal", "content_filter"],
])("the stop reason %s is incomplete for %s", async (stop, reason) => {
  const api = await open();
  const asked = ask("!say Half a", `!stop ${stop}`);
  const expected = { status: "incomplete", incomplete_details: { reason } };
  expect(await client(api).responses.create(asked)).toMatchObject(expected);
  const events = await collect(client(api).responses.stream(asked));
  expect(events.at(-1)).toMatchObject({ type: "response.incomplete", response: expected });
});

test("errors, before and in a stream, and a broken connection", async () => {
  const api = await open();
  const { responses } = client(api);
  await expect(responses.create(ask("!error 429 30"))).rejects.toMatchObject({ status: 429 });
  const stream = (...lines: string[]) => responses.stream(ask(...lines)).finalResponse();
  await expect(stream("!say Half", "!error 500")).rejects.toThrow("The script answers 500.");
  await expect(stream("!say Half", "!drop")).rejects.toThrow();
  expect(api.log.entries.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "dropped"]);
});
