import { create, toBinary } from "@bufbuild/protobuf";
import { PartSchema, ToolCallSchema, UsageSchema } from "@stratavore/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAcpAdapter } from "../../../src/agents/acp/adapter.js";
import type { AgentAdapter, AgentUpdate, Received } from "../../../src/agents/index.js";
import {
  answerTo,
  conversing,
  initialized,
  line,
  opening,
  options,
  question,
  refusalOf,
  text,
  update,
} from "./speech.js";

/** JSON with everything in it that types do not promise: halves of surrogate pairs, odd names, huge numbers. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      1e300,
      "",
      "\ud800",
      "x\udc00y",
      "__proto__",
      "theirs",
    ),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        "type",
        "text",
        "content",
        "toolCallId",
        "title",
        "status",
        "uri",
        "__proto__",
        "constructor",
      ),
      tie("value"),
    ),
  ),
})).value;

const field = (...expected: unknown[]) => fc.oneof(fc.constantFrom(...expected), anything);

const block = fc.oneof(
  anything,
  fc.record(
    {
      type: field("text", "image", "audio", "resource_link", "resource", "video"),
      text: anything,
      data: field("AAAA", "not base64!"),
      mimeType: field("image/png"),
      uri: anything,
      name: anything,
      resource: fc.oneof(
        anything,
        fc.record({ text: anything, blob: anything, uri: anything }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: [] },
  ),
);

const toolContent = fc.oneof(
  anything,
  fc.record(
    {
      type: field("content", "diff", "terminal"),
      content: block,
      path: anything,
      oldText: anything,
      newText: anything,
    },
    { requiredKeys: [] },
  ),
);

const sessionUpdate = fc.record(
  {
    sessionUpdate: field(
      "agent_message_chunk",
      "agent_thought_chunk",
      "user_message_chunk",
      "tool_call",
      "tool_call_update",
      "plan",
      "usage_update",
      "session_info_update",
      "config_option_update",
    ),
    content: fc.oneof(block, fc.array(toolContent, { maxLength: 3 })),
    messageId: field("m1", "m2"),
    toolCallId: field("t1", "t2"),
    title: anything,
    kind: field("read"),
    status: field("pending", "completed", "failed", "constructor"),
    rawInput: anything,
    rawOutput: anything,
    locations: fc.oneof(anything, fc.array(fc.record({ path: anything, line: anything }))),
    entries: fc.oneof(
      anything,
      fc.array(fc.record({ content: anything, status: anything, priority: anything })),
    ),
    used: anything,
    size: anything,
    cost: fc.oneof(anything, fc.record({ amount: anything, currency: anything })),
    configOptions: fc.oneof(
      anything,
      fc.array(fc.record({ category: field("model"), type: field("select"), currentValue: anything })),
    ),
  },
  { requiredKeys: ["sessionUpdate"] },
);

const spoken = fc.oneof(
  sessionUpdate.map((value) => update("theirs", value)),
  fc.tuple(field("theirs"), anything).map(([id, value]) => update(id as string, value)),
  fc
    .tuple(
      anything,
      fc.record({
        toolCall: fc.oneof(anything, sessionUpdate),
        options: fc.oneof(
          anything,
          fc.array(fc.record({ optionId: field("yes"), name: anything, kind: anything })),
        ),
      }),
    )
    .map(([id, params]) => question(id, "theirs", params)),
  fc.tuple(fc.integer({ min: 0, max: 6 }), anything).map(([id, result]) => answerTo(id, result)),
  fc.tuple(anything, anything).map(([id, error]) => line({ jsonrpc: "2.0", id, error })),
  fc
    .record({ jsonrpc: field("2.0"), id: anything, method: field("session/update"), params: anything })
    .map(line),
  anything.map(line),
  fc.string().map((given) => ({ stream: "stdout" as const, text: given })),
);

/** All that an agent can say must fit into what is stored and sent. */
function check({ updates, send }: Received): void {
  for (const given of send) JSON.parse(given);
  for (const each of updates) checkUpdate(each);
}

function checkUpdate(each: AgentUpdate): void {
  if (each.kind === "part") toBinary(PartSchema, each.part);
  if (each.kind === "tool_call") toBinary(ToolCallSchema, each.call);
  if (each.kind === "approval_requested") {
    toBinary(ToolCallSchema, each.toolCall);
    for (const { id, name, kind } of each.options)
      expect([id, name, kind].map((one) => typeof one)).toEqual(["string", "string", "string"]);
  }
  if (each.kind === "text" || each.kind === "thinking") {
    expect(each.text.isWellFormed()).toBe(true);
    expect(["string", "undefined"]).toContain(typeof each.boundary);
  }
  if (each.kind === "context") {
    toBinary(
      UsageSchema,
      create(UsageSchema, {
        contextTokens: each.used,
        contextWindow: each.size,
        costNanos: each.cost?.nanos ?? 0n,
      }),
    );
  }
  if (each.kind === "turn_ended") toBinary(UsageSchema, create(UsageSchema, { ...each.usage }));
  if (each.kind === "title") expect(each.title.isWellFormed()).toBe(true);
}

const restored = (adapter: AgentAdapter) =>
  createAcpAdapter(options, JSON.parse(JSON.stringify(adapter.state)));

test("whatever an agent says, the adapter reads it without a throw, and gives what can be stored", () => {
  fc.assert(
    fc.property(fc.array(spoken, { maxLength: 30 }), (lines) => {
      const adapter = conversing();
      adapter.openSession(opening("session_2", { model: "m" }));
      adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts: [text("hello")] });
      for (const each of lines) check(adapter.receive(each));
      JSON.stringify(adapter.state);
    }),
    { numRuns: 1500 },
  );
});

test("whatever stands in the fields of an update, it is read and not thrown away", () => {
  fc.assert(
    fc.property(sessionUpdate, (value) => {
      const { updates } = conversing().receive(update("theirs", value));
      expect(updates.filter(({ kind }) => kind === "unreadable")).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});

test("an adapter made anew from its stored state at any point says the same as one that went on", () => {
  fc.assert(
    fc.property(fc.array(spoken, { maxLength: 20 }), (lines) => {
      const whole = conversing();
      let parts = conversing();
      for (const adapter of [whole, parts])
        adapter.prompt({ sessionId: "session_1", turnId: "t", parts: [text("x")] });
      for (const each of lines) {
        parts = restored(parts);
        expect(parts.receive(each)).toEqual(whole.receive(each));
      }
      expect(JSON.parse(JSON.stringify(parts.state))).toEqual(JSON.parse(JSON.stringify(whole.state)));
    }),
    { numRuns: 500 },
  );
});

/** What a person and an agent do about models; an answer is for the oldest request that has none. */
const modelStep = fc.oneof(
  fc.record({ ask: fc.constantFrom("small", "big", "b", "none", "") }),
  fc.record({ open: fc.constantFrom("", "small", "big") }),
  fc.record({ answer: fc.constantFrom<unknown>("small", "big", "other", null, 7, {}) }),
  fc.record({ refuse: fc.constant(true) }),
  fc.record({ tell: fc.constantFrom<unknown>("small", "big", null, []) }),
);

const configured = (currentValue: unknown) => ({
  sessionId: "theirs",
  configOptions: [
    {
      id: "m",
      category: "model",
      type: "select",
      currentValue,
      options: [{ value: "small" }, { value: "big" }],
    },
  ],
});

test("whatever is asked about models, each opening ends, over any number of daemons", () => {
  fc.assert(
    fc.property(fc.array(modelStep, { maxLength: 25 }), (steps) => {
      let adapter = conversing();
      const waiting: number[] = [];
      const updates: AgentUpdate[] = [];
      let opened = 0;
      const took = (received: Received) => {
        check(received);
        updates.push(...received.updates);
        for (const given of received.send) waiting.push(JSON.parse(given).id);
      };
      const answer = (value: unknown) => took(adapter.receive(answerTo(waiting.shift()!, configured(value))));
      for (const step of steps) {
        adapter = restored(adapter);
        if ("ask" in step) took(adapter.setModel({ sessionId: "session_1", model: step.ask }));
        else if ("open" in step) {
          const asked = opening(`session_${2 + opened++}`, { model: step.open });
          took({ updates: [], send: adapter.openSession(asked) });
        } else if ("tell" in step) {
          const told = { sessionUpdate: "config_option_update", ...configured(step.tell) };
          took(adapter.receive(update("theirs", told)));
        } else if (waiting.length > 0) {
          if ("answer" in step) answer(step.answer);
          else took(adapter.receive(refusalOf(waiting.shift()!, -1, "no")));
        }
      }
      for (let rounds = 0; waiting.length > 0; rounds++) {
        expect(rounds).toBeLessThan(200);
        answer("small");
      }
      const ends = updates.filter(({ kind }) => kind === "session_opened" || kind === "session_failed");
      expect(ends).toHaveLength(opened);
      expect(JSON.stringify(adapter.state).length).toBeLessThan(10_000);
    }),
    { numRuns: 500 },
  );
});

test("a recorded conversation gives the same from every point on", () => {
  const lines = [
    answerTo(1, initialized),
    answerTo(2, { sessionId: "theirs" }),
    update("theirs", { sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "hm" } }),
    update("theirs", { sessionUpdate: "tool_call", toolCallId: "t", title: "Read", rawInput: { a: [1] } }),
    question("q", "theirs", {
      toolCall: { toolCallId: "t", kind: "read" },
      options: [{ optionId: "y", name: "Y", kind: "allow_once" }],
    }),
    update("theirs", { sessionUpdate: "tool_call_update", toolCallId: "t", status: "completed" }),
    update("theirs", { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "done" } }),
    answerTo(3, { stopReason: "end_turn", usage: { inputTokens: 1 } }),
  ];
  const play = (restoreAt: number): Received[] => {
    let adapter = createAcpAdapter(options);
    adapter.start();
    return lines.map((each, at) => {
      if (at === restoreAt) adapter = restored(adapter);
      const received = adapter.receive(each);
      if (at === 0) adapter.openSession(opening("session_1"));
      if (at === 1) adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts: [text("go")] });
      return received;
    });
  };
  const whole = play(-1);
  expect(whole.map(({ updates }) => updates.map(({ kind }) => kind))).toEqual([
    ["ready"],
    ["session_opened"],
    ["thinking"],
    ["tool_call"],
    ["approval_requested"],
    ["tool_call"],
    ["text"],
    ["turn_ended"],
  ]);
  for (let at = 0; at < lines.length; at++) expect(play(at)).toEqual(whole);
});

test("JSON that is nested thousands of levels deep neither throws nor reaches the store as it is", () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const adapter = conversing();
  for (const body of [
    `{"sessionUpdate":"tool_call","toolCallId":"t","title":"T","rawInput":${deep}}`,
    `{"sessionUpdate":"agent_message_chunk","content":${deep}}`,
    `{"sessionUpdate":"agent_message_chunk","content":{"type":"odd","x":${deep}}}`,
    deep,
  ]) {
    const given = `{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"theirs","update":${body}}}`;
    const received = adapter.receive({ stream: "stdout", text: given });
    check(received);
    expect(received.updates.map(({ kind }) => kind)).not.toContain("unreadable");
    expect(JSON.stringify(adapter.state).length).toBeLessThan(50_000);
  }
});
