import { ToolCallStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { createAcpAdapter } from "../../../src/agents/acp/adapter.js";
import {
  answerTo,
  conversing,
  initialized,
  line,
  opening,
  options,
  parsed,
  question,
  refusalOf,
  text,
  update,
} from "./speech.js";

test("introduces itself with the protocol's version and offers neither files nor terminals", () => {
  const adapter = createAcpAdapter(options);
  const [hello] = adapter.start().map((each) => JSON.parse(each));
  expect(hello).toMatchObject({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: 1,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: "stratavore", version: "1.2.3" },
    },
  });
  expect(adapter.resumesSessions).toBe(false);
  expect(adapter.receive(answerTo(1, initialized)).updates).toEqual([
    { kind: "ready", agentName: "agent", agentVersion: "9" },
  ]);
  expect(adapter.resumesSessions).toBe(true);
});

test.for([
  [{ protocolVersion: 2 }, /speaks version 2 /],
  [{}, /no version it names/],
  [null, /no version it names/],
] as const)("an agent that answers %j is unusable", ([answer, reason]) => {
  const adapter = createAcpAdapter(options);
  adapter.start();
  expect(adapter.receive(answerTo(1, answer)).updates).toEqual([
    { kind: "unusable", reason: expect.stringMatching(reason) },
  ]);
});

test("opens a session, with the MCP servers that the agent can take", () => {
  const adapter = createAcpAdapter(options);
  adapter.start();
  const mcpServers = [
    { name: "local", command: ["srv", "-x"], environment: { A: "1" }, headers: {} },
    { name: "far", url: "https://x.test", environment: {}, headers: { h: "v" } },
    { name: "nothing", environment: {}, headers: {} },
  ];
  adapter.receive(answerTo(1, initialized));
  const [asked] = parsed({ send: adapter.openSession(opening("session_1", { mcpServers })) });
  expect(asked).toEqual({
    jsonrpc: "2.0",
    id: 2,
    method: "session/new",
    params: {
      cwd: "/work",
      mcpServers: [
        { name: "local", command: "srv", args: ["-x"], env: [{ name: "A", value: "1" }] },
        { type: "http", name: "far", url: "https://x.test", headers: [{ name: "h", value: "v" }] },
      ],
    },
  });
  expect(adapter.receive(answerTo(2, { sessionId: "theirs" }))).toEqual({
    updates: [{ kind: "session_opened", sessionId: "session_1", agentSessionId: "theirs", model: "" }],
    send: [],
  });
});

const models = (currentValue: string) => [
  {
    id: "m",
    category: "model",
    type: "select",
    currentValue,
    options: [
      { value: "big-1", name: "Big" },
      {
        group: "g",
        options: [
          { value: "small-1", name: "Small" },
          { value: "small-2", name: "Smaller" },
        ],
      },
    ],
  },
];

test.for([
  ["big", "big-1"],
  ["Small", "small-1"],
  ["small-2", "small-2"],
] as const)("asks for the model %s as %s", ([model, value]) => {
  const adapter = conversing();
  adapter.openSession(opening("session_2", { model }));
  const set = adapter.receive(answerTo(3, { sessionId: "b", configOptions: models("other") }));
  expect(set.updates).toEqual([]);
  expect(parsed(set)[0]).toMatchObject({
    method: "session/set_config_option",
    params: { configId: "m", value },
  });
  expect(adapter.receive(answerTo(4, {})).updates).toMatchObject([{ kind: "session_opened", model: value }]);
});

test("a model that cannot be had is a warning, and the session opens", () => {
  const adapter = conversing();
  adapter.openSession(opening("session_2", { model: "smal" }));
  expect(
    adapter.receive(answerTo(3, { sessionId: "b", configOptions: models("big-1") })).updates,
  ).toMatchObject([
    { kind: "session_opened", model: "big-1" },
    { kind: "warning", message: expect.stringMatching(/no model smal; it offers big-1, small-1, small-2/) },
  ]);
  adapter.openSession(opening("session_3", { model: "big" }));
  expect(adapter.receive(answerTo(4, { sessionId: "c" })).updates).toMatchObject([
    { kind: "session_opened" },
    { kind: "warning", message: expect.stringMatching(/lets no client choose/) },
  ]);
  adapter.openSession(opening("session_4", { model: "big" }));
  adapter.receive(answerTo(5, { sessionId: "d", configOptions: models("x") }));
  expect(adapter.receive(refusalOf(6, -1, "no")).updates).toMatchObject([
    { kind: "session_opened", sessionId: "session_4" },
    { kind: "warning", message: expect.stringMatching(/did not take the model big-1: no/) },
  ]);
});

test("an open session's model is changed by the option that the agent told of, over a stored state", () => {
  const adapter = conversing();
  adapter.openSession(opening("session_2"));
  adapter.receive(answerTo(3, { sessionId: "b", configOptions: models("big-1") }));
  const later = createAcpAdapter(options, JSON.parse(JSON.stringify(adapter.state)));
  const small = later.setModel({ sessionId: "session_2", model: "Small" });
  expect(parsed(small)).toMatchObject([
    {
      id: 4,
      method: "session/set_config_option",
      params: { sessionId: "b", configId: "m", value: "small-1" },
    },
  ]);
  // What was asked for counts, not what was told last: the way back has to be asked for, too.
  const back = later.setModel({ sessionId: "session_2", model: "big-1" });
  expect(parsed(back)).toMatchObject([{ id: 5, params: { value: "big-1" } }]);
  expect(later.setModel({ sessionId: "session_2", model: "big-1" })).toEqual({ updates: [], send: [] });
  expect(later.receive(answerTo(4, { configOptions: models("small-1") })).updates).toEqual([
    { kind: "model", sessionId: "session_2", model: "small-1" },
  ]);
  expect(later.receive(refusalOf(5, -1, "no")).updates).toMatchObject([
    { kind: "warning", message: expect.stringMatching(/model big-1: no .*session_2 goes on with small-1/) },
  ]);
  const told = update("b", { sessionUpdate: "config_option_update", configOptions: models("small-2") });
  expect(later.receive(told).updates).toEqual([{ kind: "model", sessionId: "session_2", model: "small-2" }]);
  expect(later.setModel({ sessionId: "session_2", model: "small-2" })).toEqual({ updates: [], send: [] });
});

test("a state that was stored before models were kept is continued", () => {
  const { models: _, ...before } = JSON.parse(JSON.stringify(conversing().state));
  const adapter = createAcpAdapter(options, before);
  expect(adapter.setModel({ sessionId: "session_1", model: "big" }).updates).toMatchObject([
    { kind: "warning", message: expect.stringMatching(/lets no client choose/) },
  ]);
  const told = update("theirs", { sessionUpdate: "config_option_update", configOptions: models("small-1") });
  adapter.receive(told);
  expect(parsed(adapter.setModel({ sessionId: "session_1", model: "big" }))).toMatchObject([
    { params: { value: "big-1" } },
  ]);
});

test("a session that is being opened takes the model that was asked for last", () => {
  const adapter = conversing();
  adapter.openSession(opening("session_2", { model: "small-1" }));
  adapter.setModel({ sessionId: undefined, model: "small-2" });
  const set = adapter.receive(answerTo(3, { sessionId: "b", configOptions: models("big-1") }));
  expect(parsed(set)).toMatchObject([{ id: 4, params: { value: "small-2" } }]);
  adapter.setModel({ sessionId: undefined, model: "small-1" });
  const again = adapter.receive(answerTo(4, { configOptions: models("small-2") }));
  expect(again.updates).toEqual([]);
  expect(parsed(again)).toMatchObject([{ id: 5, params: { value: "small-1" } }]);
  expect(adapter.receive(answerTo(5, {})).updates).toMatchObject([
    { kind: "session_opened", sessionId: "session_2", model: "small-1" },
  ]);
});

test("the agent's default cannot be had back, and what a session has is not asked for again", () => {
  const adapter = conversing();
  const { updates, send } = adapter.setModel({ sessionId: "session_1", model: "" });
  expect(send).toEqual([]);
  expect(updates).toMatchObject([{ kind: "warning", sessionId: "session_1" }]);
  expect(adapter.setModel({ sessionId: "session_9", model: "big" })).toEqual({ updates: [], send: [] });
});

test("of a long list of models no more is kept than can be stored with each step", () => {
  const adapter = conversing();
  const many = Array.from({ length: 5_000 }, (_, n) => ({
    value: `provider/model-${n}`,
    name: `Model ${n}`,
  }));
  const option = { id: "m", category: "model", type: "select", currentValue: many[0]!.value, options: many };
  for (let n = 0; n < 20; n++) {
    adapter.openSession(opening(`session_${n}`));
    adapter.receive(answerTo(n + 3, { sessionId: `s${n}`, configOptions: [option] }));
  }
  expect(JSON.stringify(adapter.state).length).toBeLessThan(150_000);
  const { updates, send } = adapter.setModel({ sessionId: "session_19", model: "provider/model-4999" });
  expect(updates).toEqual([]);
  expect(parsed({ send })).toMatchObject([{ params: { value: "provider/model-4999" } }]);
});

test("an endless error is cut", () => {
  const adapter = conversing();
  adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts: [text("hello")] });
  const [ended] = adapter.receive(refusalOf(3, -32603, "\u{1f600}".repeat(1_000_000))).updates;
  const { error = "" } = ended as { error?: string };
  expect(error).toMatch(/^(\u{1f600})+… \(-32603\)$/u);
  expect(error.length).toBeLessThan(2100);
});

test("words, thoughts, plans, figures and titles become updates of our session", () => {
  const adapter = conversing();
  const said = (value: unknown) => adapter.receive(update("theirs", value)).updates;
  const sessionId = "session_1";
  expect(
    said({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "hi" }, messageId: "m1" }),
  ).toEqual([{ kind: "text", sessionId, text: "hi", boundary: "m1" }]);
  expect(said({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "hm" } })).toEqual([
    { kind: "thinking", sessionId, text: "hm" },
  ]);
  expect(
    said({ sessionUpdate: "plan", entries: [{ content: "a", status: "pending", priority: "high" }] }),
  ).toMatchObject([
    { kind: "part", part: { kind: { case: "plan", value: { entries: [{ content: "a" }] } } } },
  ]);
  expect(
    said({ sessionUpdate: "usage_update", used: 5, size: 10, cost: { amount: 0.5, currency: "USD" } }),
  ).toEqual([
    { kind: "context", sessionId, used: 5n, size: 10n, cost: { nanos: 500_000_000n, currency: "USD" } },
  ]);
  expect(said({ sessionUpdate: "session_info_update", title: "T" })).toEqual([
    { kind: "title", sessionId, title: "T" },
  ]);
  expect(said({ sessionUpdate: "current_mode_update", currentModeId: "x" })).toEqual([]);
  expect(adapter.receive(update("unknown", { sessionUpdate: "plan", entries: [] })).updates).toEqual([]);
});

test("updates of a tool call add up, and what an update leaves out stays", () => {
  const adapter = conversing();
  const said = (value: unknown) => adapter.receive(update("theirs", value)).updates[0];
  said({ sessionUpdate: "tool_call", toolCallId: "t", title: "Read", kind: "read", rawInput: { path: "a" } });
  said({ sessionUpdate: "tool_call_update", toolCallId: "t", status: "in_progress", title: null });
  expect(
    said({
      sessionUpdate: "tool_call_update",
      toolCallId: "t",
      status: "completed",
      content: [
        { type: "content", content: { type: "text", text: "ok" } },
        { type: "diff", path: "a", newText: "n" },
      ],
      locations: [{ path: "a", line: 3 }],
    }),
  ).toMatchObject({
    kind: "tool_call",
    call: {
      id: "t",
      title: "Read",
      toolKind: "read",
      status: ToolCallStatus.COMPLETED,
      locations: ["a:3"],
      content: [{ kind: { value: "ok" } }, { kind: { case: "fileDiff" } }],
      input: { kind: { case: "structValue" } },
    },
  });
  expect(JSON.stringify(adapter.state)).not.toContain("Read");
});

test("a bulky call is not carried in the state, and many open calls do not pile up there", () => {
  const adapter = conversing();
  for (let n = 0; n < 1000; n++) {
    const body = n === 999 ? "x".repeat(100_000) : "";
    adapter.receive(
      update("theirs", {
        sessionUpdate: "tool_call",
        toolCallId: `t${n}`,
        title: `T${n}`,
        rawInput: { body },
      }),
    );
  }
  expect(JSON.stringify(adapter.state).length).toBeLessThan(60_000);
  const again = adapter.receive(
    update("theirs", { sessionUpdate: "tool_call_update", toolCallId: "t999", status: "in_progress" }),
  );
  expect(again.updates).toMatchObject([{ call: { title: "T999" } }]);
});

test("a question is asked in our terms, and answered to the agent's request once", () => {
  const adapter = conversing();
  const asked = adapter.receive(
    question("q-1", "theirs", {
      toolCall: { toolCallId: "t", title: "rm" },
      options: [{ optionId: "yes", name: "Yes", kind: "allow_once" }, { optionId: 5 }, "no"],
    }),
  );
  expect(asked.updates).toMatchObject([
    {
      kind: "approval_requested",
      sessionId: "session_1",
      agentRequestId: "string:q-1",
      toolCall: { title: "rm" },
      options: [{ id: "yes", name: "Yes", kind: "allow_once" }],
    },
  ]);
  expect(parsed({ send: adapter.answer("string:q-1", { optionId: "yes" }) })).toEqual([
    { jsonrpc: "2.0", id: "q-1", result: { outcome: { outcome: "selected", optionId: "yes" } } },
  ]);
  expect(adapter.answer("string:q-1", { optionId: "yes" })).toEqual([]);
});

test.for([
  ["without options", { toolCall: { toolCallId: "t" }, options: [] }],
  ["with options of the wrong type", { toolCall: { toolCallId: "t" }, options: 4 }],
] as const)("a question %s is refused, so that the agent does not wait", ([, params]) => {
  const adapter = conversing();
  const { updates, send } = adapter.receive(question(7, "theirs", params));
  expect(updates).toEqual([]);
  expect(parsed({ send })).toMatchObject([{ id: 7, error: { code: -32602 } }]);
});

test("no more than 64 questions are open at a time, and an id in use is not asked again", () => {
  const adapter = conversing();
  const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
  const ask = (id: unknown) =>
    adapter.receive(question(id, "theirs", { toolCall: { toolCallId: "t" }, options }));
  for (let n = 0; n < 64; n++) expect(ask(n).updates.length).toBe(1);
  expect(parsed(ask(64))).toMatchObject([{ error: { message: expect.stringMatching(/64 questions/) } }]);
  adapter.answer("number:0", { cancelled: true });
  expect(parsed(ask(1))).toMatchObject([{ id: 1, error: { message: expect.stringMatching(/in use/) } }]);
  expect(ask(0).updates.length).toBe(1);
});

test("a turn goes from the prompt to its end; a cancel names the agent's session", () => {
  const adapter = conversing();
  const { send } = adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts: [text("hello")] });
  expect(parsed({ send })).toEqual([
    {
      jsonrpc: "2.0",
      id: 3,
      method: "session/prompt",
      params: { sessionId: "theirs", prompt: [{ type: "text", text: "hello" }] },
    },
  ]);
  expect(parsed({ send: adapter.cancel("session_1") })).toEqual([
    { jsonrpc: "2.0", method: "session/cancel", params: { sessionId: "theirs" } },
  ]);
  expect(adapter.cancel("session_9")).toEqual([]);
  expect(
    adapter.receive(
      answerTo(3, { stopReason: "max_tokens", usage: { inputTokens: 3, cachedReadTokens: 2.9 } }),
    ).updates,
  ).toEqual([
    {
      kind: "turn_ended",
      sessionId: "session_1",
      turnId: "turn_1",
      stopReason: "max_tokens",
      usage: {
        inputTokens: 3n,
        outputTokens: 0n,
        cacheReadTokens: 2n,
        cacheWriteTokens: 0n,
        reasoningTokens: 0n,
      },
    },
  ]);
  // The answer is taken once.
  expect(adapter.receive(answerTo(3, { stopReason: "end_turn" })).updates).toEqual([]);
});

test("a prompt that was not handed over is forgotten, whatever comes for it", () => {
  const adapter = conversing();
  adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts: [text("hello")] });
  adapter.dropPrompt("turn_1");
  expect(adapter.receive(answerTo(3, { stopReason: "end_turn" })).updates).toEqual([]);
});

test("history that is replayed while a session is loaded is not said again", () => {
  const adapter = createAcpAdapter(options);
  adapter.start();
  adapter.receive(answerTo(1, initialized));
  const [asked] = parsed({ send: adapter.openSession(opening("session_1", { resume: "old" })) });
  expect(asked).toMatchObject({ method: "session/load", params: { sessionId: "old", cwd: "/work" } });
  const chunk = update("old", {
    sessionUpdate: "agent_message_chunk",
    content: { type: "text", text: "past" },
  });
  expect(adapter.receive(chunk).updates).toEqual([]);
  expect(adapter.receive(answerTo(2, null)).updates).toMatchObject([
    { kind: "session_opened", agentSessionId: "old" },
  ]);
  expect(adapter.receive(chunk).updates.length).toBe(1);
});

test("what is not of the protocol is unreadable, and what nobody asked for is refused or ignored", () => {
  const adapter = conversing();
  const unreadable = (given: string) =>
    expect(adapter.receive({ stream: "stdout", text: given }).updates).toEqual([
      { kind: "unreadable", text: given },
    ]);
  for (const given of [
    "hello",
    "{",
    "[]",
    "null",
    "7",
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0"}',
  ]) {
    unreadable(given);
  }
  expect(adapter.receive({ stream: "stdout", text: "  " })).toEqual({ updates: [], send: [] });
  expect(adapter.receive({ stream: "stderr", text: "hello" })).toEqual({ updates: [], send: [] });
  const refused = adapter.receive(line({ jsonrpc: "2.0", id: "x", method: "fs/read_text_file", params: {} }));
  expect(parsed(refused)).toMatchObject([{ id: "x", error: { code: -32601 } }]);
  for (const id of ["__proto__", "constructor", "toString", 999]) {
    expect(adapter.receive(line({ jsonrpc: "2.0", id, result: {} }))).toEqual({ updates: [], send: [] });
  }
});
