import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import type { ModelApi } from "../../src/model-api/server.js";
import { open, script } from "./fixture.js";

type Message = Anthropic.MessageParam;

const bash = { name: "Bash", input_schema: { type: "object" as const } };

async function answer(api: ModelApi, messages: readonly object[], more: object = {}): Promise<string> {
  const client = new Anthropic({ baseURL: api.url, apiKey: "dummy", maxRetries: 0 });
  const asked = { model: "m", max_tokens: 9, tools: [bash], messages: messages as Message[], ...more };
  const { content } = await client.messages.create(asked);
  return content.map((block) => (block.type === "text" ? block.text : block.type)).join("|");
}

const user = (...lines: string[]) => ({ role: "user", content: script(...lines) });
const called = { role: "assistant", content: [{ type: "tool_use", id: "t", name: "Bash", input: {} }] };
const result = { type: "tool_result", tool_use_id: "t", content: "!say nothing of this" };
const stock = "This answer is a script's: no model was asked.";

test("a prompt without a script gets a stock answer, the next one its own", async () => {
  const api = await open();
  expect(await answer(api, [user("Hello")])).toBe(stock);
  expect(await answer(api, [user("!say one"), called, user("Hello")])).toBe(stock);
  expect(await answer(api, [user("!say one"), called, user("!say two")])).toBe("two");
});

test("what stands around the directives is left alone, and echoed", async () => {
  const api = await open();
  expect(await answer(api, [user("Look:", "![an image](x.png)", "!= 3", "!echo")])).toBe(
    "Look:\n![an image](x.png)\n!= 3",
  );
});

test("chunks, and what was asked", async () => {
  const api = await open();
  expect(await answer(api, [user("!chunks 2")])).toBe("chunk 1\nchunk 2\n");
  const told = JSON.parse(await answer(api, [user("!request")]));
  expect(told).toEqual({ api: "messages", model: "m", messages: 1, tools: ["Bash"] });
});

test("a script that is at its end is answered all the same", async () => {
  const api = await open();
  const messages = [user("!tool Bash"), called, { role: "user", content: [result] }];
  expect(await answer(api, messages)).toBe("Done.");
});

test("what an agent adds to a prompt or to a result is no prompt", async () => {
  const api = await open();
  const reminder = { type: "text", text: "<system-reminder>\n!say of the agent\n</system-reminder>" };
  const asked = { role: "user", content: [reminder, { type: "text", text: "!tool Bash\n!say after" }] };
  const loaded = { role: "user", content: [result, { type: "text", text: "Tool loaded." }, reminder] };
  expect(await answer(api, [asked])).toBe("tool_use");
  expect(await answer(api, [asked, called, loaded])).toBe("after");
});

test("what a user says after an interruption is a prompt, though a result stands beside it", async () => {
  const api = await open();
  const text = (text: string) => ({ type: "text", text });
  const marker = text("[Request interrupted by user for tool use]");
  const after = (said: string) => ({ role: "user", content: [result, marker, text(said)] });
  const before = [user("!tool Bash", "!say after"), called];
  expect(await answer(api, [...before, after("Hello")])).toBe(stock);
  expect(await answer(api, [...before, after("!say anew")])).toBe("anew");
});

test("a script beside a result is a prompt", async () => {
  const api = await open();
  const both = { role: "user", content: [result, { type: "text", text: "!say anew" }] };
  expect(await answer(api, [user("!tool Bash", "!say after"), called, both])).toBe("anew");
});

test("a script fails anew in the next conversation, also if an agent asks to go on by itself", async () => {
  const api = await open();
  const failing = user("!error 500 0 1", "!say well");
  const cut = user("Your response above was cut off mid-stream. Resume directly from where it stops.");
  for (const again of [[failing], [failing, { role: "assistant", content: "we" }, cut]]) {
    await expect(answer(api, [failing])).rejects.toMatchObject({ status: 500 });
    expect(await answer(api, again)).toBe("well");
  }
  await expect(answer(api, [user("Hello"), failing])).rejects.toMatchObject({ status: 500 });
  await expect(answer(api, [failing])).rejects.toMatchObject({ status: 500 });
});

test("a message that Claude Code passes on in the middle of a turn is a prompt", async () => {
  const api = await open();
  const passed = "The user sent a new message while you were working:\n!say steered\n\nThis is how it is.";
  const messages = [
    user("!tool Bash", "!say after"),
    called,
    { role: "user", content: [result] },
    { role: "system", content: [{ type: "text", text: passed }] },
  ];
  expect(await answer(api, messages)).toBe("steered");
  expect(await answer(api, [user("!say mine"), { role: "system", content: "!say of the system" }])).toBe(
    "mine",
  );
});

test("many conversations at once keep to their own scripts", async () => {
  const api = await open();
  const all = Array.from({ length: 30 }, (_, index) => index);
  const steps = (index: number) => user("!tool Bash", `!say second of ${index}`);
  const firsts = await Promise.all(all.map((index) => answer(api, [steps(index)])));
  expect(new Set(firsts)).toEqual(new Set(["tool_use"]));
  const seconds = all.map((index) =>
    answer(api, [steps(index), called, { role: "user", content: [result] }]),
  );
  expect(await Promise.all(seconds)).toEqual(all.map((index) => `second of ${index}`));
});

test.each([
  ["!nonsense", /line 1: unknown directive !nonsense; known are !say/],
  ["text\n!usage 1", /line 2: !usage needs output; usage: !usage input output/],
  ["!tool Bash {", /!tool takes JSON/],
  ["!error 200", /!error takes an integer from 400 to 599 as status/],
])("a wrong script is a 400 that says what is wrong: %j", async (prompt, message) => {
  const api = await open();
  const asked = answer(api, [user(prompt)]);
  await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) });
  expect(api.log.entries).toMatchObject([{ status: 400, outcome: "failed" }]);
});

test("what agents ask beside a conversation takes no script and no queued answer", async () => {
  const api = await open();
  api.enqueue({ parts: [{ type: "text", text: "queued" }] });
  const prompt = [user("!tool Bash", "!error 500")];
  const schema = {
    type: "object",
    properties: { title: { type: "string" }, score: { type: "INTEGER" }, kind: { enum: ["a", "b"] } },
  };
  const title = { tools: [], system: "You write a title." };
  const json = { tools: [], output_config: { format: { type: "json_schema", schema } } };
  expect(await answer(api, prompt, title)).toBe("A scripted conversation");
  expect(await answer(api, prompt, { tools: [], max_tokens: 1 })).toBe("ok");
  expect(JSON.parse(await answer(api, prompt, json))).toEqual({
    title: "A scripted conversation",
    score: 1,
    kind: "a",
  });
  expect(await answer(api, prompt, { ...json, tools: [bash] })).toBe("queued");
  const long = {
    tools: [],
    system: `You are an agent. ${"You may do this and that. ".repeat(10)}A title is short.`,
  };
  expect(await answer(api, [user("!say no title")], long)).toBe("no title");
  expect(await answer(api, [user("!say scripted")])).toBe("scripted");
  expect(api.log.entries.map(({ kind }) => kind)).toEqual([
    "side",
    "side",
    "side",
    "answer",
    "answer",
    "answer",
  ]);
});
