import { create, toBinary } from "@bufbuild/protobuf";
import { ApprovalSchema, ToolCallStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { conversing, line, ofKind, parsed, prompt, ready, recorded, replay } from "./speech.js";

const suggestions = [
  {
    type: "addRules",
    rules: [{ toolName: "Bash", ruleContent: "touch zz *" }],
    behavior: "allow",
    destination: "localSettings",
  },
  { type: "addDirectories", directories: ["/work/web"], destination: "session" },
  { type: "setMode", mode: "acceptEdits", destination: "session" },
];

const request = (id: string, more: object = {}) =>
  line({
    type: "control_request",
    request_id: id,
    request: {
      subtype: "can_use_tool",
      tool_name: "Bash",
      input: { command: "touch zz" },
      permission_suggestions: suggestions,
      tool_use_id: "toolu_1",
      ...more,
    },
  });

const responseIn = (lines: readonly string[]) => parsed(lines)[0].response;

test("a permission is asked for with what can be answered to it", () => {
  const { updates, send } = conversing().receive(request("one"));
  expect(send).toEqual([]);
  expect(updates).toMatchObject([
    {
      kind: "approval_requested",
      sessionId: "session_1",
      agentRequestId: "one",
      toolCall: { id: "toolu_1", name: "Bash", title: "touch zz", status: ToolCallStatus.PENDING },
      options: [{ id: "allow_once" }, { id: "allow_always" }, { id: "reject_once" }],
    },
  ]);
  expect(ofKind(updates, "approval_requested")[0]?.question).toBeUndefined();
});

test("each answer, and only the first one", () => {
  const adapter = conversing();
  const answered = (answer: Parameters<typeof adapter.answer>[1]) => {
    adapter.receive(request("one"));
    const lines = adapter.answer("one", answer);
    expect(adapter.answer("one", answer)).toEqual([]);
    const { request_id: id, subtype, response } = responseIn(lines);
    expect([id, subtype]).toEqual(["one", "success"]);
    return response;
  };
  const updatedInput = { command: "touch zz" };
  expect(answered({ optionId: "allow_once" })).toEqual({ behavior: "allow", updatedInput });
  expect(answered({ optionId: "allow_always" })).toEqual({
    behavior: "allow",
    updatedInput,
    // Only for this session, and without a mode that stops asking.
    updatedPermissions: [
      { ...suggestions[0], destination: "session" },
      { ...suggestions[1], destination: "session" },
    ],
  });
  expect(answered({ optionId: "allow_once", editedInput: { command: "ls" } })).toEqual({
    behavior: "allow",
    updatedInput: { command: "ls" },
  });
  expect(answered({ optionId: "reject_once", message: "use mktemp" })).toEqual({
    behavior: "deny",
    message: "use mktemp",
  });
  expect(answered({ optionId: "reject_once" })).toMatchObject({ behavior: "deny" });
  expect(answered({ cancelled: true })).toMatchObject({ behavior: "deny", interrupt: true });
});

test.each([
  [[{ type: "setMode", mode: "acceptEdits", destination: "session" }], true],
  [[{ type: "setMode", mode: "bypassPermissions", destination: "session" }], false],
  [[{ ...suggestions[0], behavior: "deny" }], false],
  ["nonsense", false],
])("what can be remembered is narrow: %j", (permission_suggestions, can) => {
  const [asked] = ofKind(
    conversing().receive(request("one", { permission_suggestions })).updates,
    "approval_requested",
  );
  expect(asked?.options.some(({ kind }) => kind === "allow_always")).toBe(can);
});

test("questions are a schema, and their answers go back with them", () => {
  const adapter = conversing();
  const questions = [
    {
      question: "Which colour?",
      header: "Colour",
      multiSelect: false,
      options: [{ label: "Red", description: "warm" }, { label: "Blue" }],
    },
    { question: "Which sizes?", header: "Size", multiSelect: true, options: [{ label: "S" }] },
  ];
  const ask = request("one", { tool_name: "AskUserQuestion", input: { questions } });
  const [asked] = ofKind(adapter.receive(ask).updates, "approval_requested");
  expect(asked?.options.map(({ kind }) => kind)).toEqual(["allow_once", "reject_once"]);
  expect(asked?.question).toEqual({
    type: "object",
    properties: {
      "Which colour?": {
        title: "Colour",
        description: "Red: warm",
        type: "string",
        examples: ["Red", "Blue"],
      },
      "Which sizes?": {
        title: "Size",
        description: "",
        type: "array",
        items: { type: "string", examples: ["S"] },
      },
    },
    required: ["Which colour?", "Which sizes?"],
  });
  toBinary(ApprovalSchema, create(ApprovalSchema, { question: asked!.question! }));
  const answers = { "Which colour?": "Blue", "Which sizes?": ["S"] };
  expect(responseIn(adapter.answer("one", { optionId: "allow_once", answers })).response).toEqual({
    behavior: "allow",
    updatedInput: { questions, answers },
  });
});

test("a call that was edited shows what was really done", () => {
  const adapter = conversing();
  const lines = recorded("tools");
  const updates = replay(adapter, lines, (_, { agentRequestId, toolCall }) => {
    if (toolCall.id !== "toolu_3_1") return;
    adapter.answer(agentRequestId, { optionId: "allow_once", editedInput: { command: "echo edited" } });
  });
  const calls = ofKind(updates, "tool_call").filter(({ call }) => call.id === "toolu_3_1");
  expect(calls.at(-1)?.call).toMatchObject({
    status: ToolCallStatus.COMPLETED,
    title: "echo edited",
    content: [{ kind: { case: "text", value: "edited" } }],
  });
});

test("a question that Claude Code takes back is withdrawn, once", () => {
  const adapter = conversing();
  prompt(adapter, "turn_1");
  adapter.receive(request("one"));
  const cancel = line({ type: "control_cancel_request", request_id: "one" });
  expect(adapter.receive(cancel).updates).toEqual([
    { kind: "approval_withdrawn", sessionId: "session_1", agentRequestId: "one" },
  ]);
  expect(adapter.receive(cancel).updates).toEqual([]);
  expect(adapter.answer("one", { optionId: "allow_once" })).toEqual([]);
});

test("what is not offered is refused: other requests, a used id, too many questions, no session", () => {
  const refusedBy = ({ send }: { send: string[] }) => responseIn(send);
  const adapter = conversing();
  expect(refusedBy(adapter.receive(request("one", { subtype: "hook_callback" })))).toEqual({
    subtype: "error",
    request_id: "one",
    error: '"hook_callback" is not offered',
  });
  adapter.receive(request("one"));
  expect(refusedBy(adapter.receive(request("one"))).error).toContain("in use");
  for (let n = 2; n <= 64; n++) adapter.receive(request(`number ${n}`));
  expect(refusedBy(adapter.receive(request("one too many"))).error).toContain("64 questions");
  expect(refusedBy(ready().receive(request("early"))).error).toContain("no session");
});
