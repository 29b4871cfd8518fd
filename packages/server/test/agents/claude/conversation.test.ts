import { ToolCallStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { createClaudeAdapter } from "../../../src/agents/index.js";
import {
  conversing,
  initialized,
  launch,
  line,
  ofKind,
  opening,
  parsed,
  prompt,
  ready,
  recorded,
  refusal,
  replay,
  success,
  text,
} from "./speech.js";

test("it is ready with its answer to initialize, and of no use without one", () => {
  const adapter = createClaudeAdapter(launch);
  expect(parsed(adapter.start())).toEqual([
    { type: "control_request", request_id: "stratavore-1", request: { subtype: "initialize" } },
  ]);
  expect(adapter.receive(success("stratavore-1", initialized())).updates).toEqual([
    { kind: "ready", agentName: "Claude Code", agentVersion: "2.1.330" },
  ]);

  const refused = createClaudeAdapter(launch);
  refused.start();
  expect(refused.receive(refusal("stratavore-1", "not today")).updates).toEqual([
    { kind: "unusable", reason: "Claude Code refused to start: not today" },
  ]);

  const lost = createClaudeAdapter({ ...launch, resumes: launch.agentSessionId });
  lost.start();
  const errors = ["No conversation found with session ID: 1"];
  const failed = { type: "result", subtype: "error_during_execution", is_error: true, errors };
  expect(lost.receive(line(failed)).updates).toEqual([
    { kind: "unusable", reason: `Claude Code did not start: ${errors[0]}` },
  ]);
});

test("a session opens with the process's own, its model and its MCP servers", () => {
  const adapter = ready({ model: "sonnet" });
  const mcpServers = [
    { name: "files", command: ["serve", "--all"], environment: { A: "1" }, headers: {} },
    { name: "web", url: "http://localhost/mcp", environment: {}, headers: { b: "2" } },
  ];
  const [model, servers, ...rest] = parsed(adapter.openSession(opening({ model: "opus", mcpServers })));
  expect(rest).toEqual([]);
  expect(model.request).toEqual({ subtype: "set_model", model: "opus" });
  expect(servers.request).toEqual({
    subtype: "mcp_set_servers",
    servers: {
      files: { type: "stdio", command: "serve", args: ["--all"], env: { A: "1" } },
      web: { type: "http", url: "http://localhost/mcp", headers: { b: "2" } },
    },
  });
  const errors = { web: "ECONNREFUSED" };
  const added = adapter.receive(success(servers.request_id, { added: ["files"], removed: [], errors }));
  expect(added.updates).toEqual([]);
  expect(adapter.receive(success(model.request_id, { model: "claude-opus-5-5" })).updates).toEqual([
    {
      kind: "session_opened",
      sessionId: "session_1",
      agentSessionId: launch.agentSessionId,
      model: "claude-opus-5-5",
    },
    {
      kind: "warning",
      sessionId: "session_1",
      message: "the MCP server web could not be used: ECONNREFUSED",
    },
  ]);
  expect(adapter.hasRoom).toBe(false);
});

test("the model that it was started with is not asked for again, and is told by its full name", () => {
  const adapter = ready({ model: "sonnet" });
  const asked = parsed(adapter.openSession(opening({ model: "sonnet" })));
  expect(asked.map(({ request }) => request)).toEqual([{ subtype: "mcp_status" }]);
  expect(adapter.receive(success(asked[0].request_id, {})).updates).toMatchObject([
    { kind: "session_opened", model: "claude-sonnet-5-5" },
  ]);
});

test("a session that the process was not started for cannot be opened", () => {
  const adapter = ready();
  const [asked] = parsed(adapter.openSession(opening({ resume: "another" })));
  expect(adapter.receive(success(asked.request_id, {})).updates).toEqual([
    {
      kind: "session_failed",
      sessionId: "session_1",
      error: "a process of Claude Code takes up a session only at its start",
    },
  ]);
});

test("what streams is told as it comes, and once", () => {
  const updates = replay(conversing(), recorded("answers"));
  const said = updates.filter(({ kind }) => kind === "text" || kind === "thinking");
  expect(said).toEqual([
    { kind: "text", sessionId: "session_1", text: "Hello th", boundary: "msg_1" },
    { kind: "text", sessionId: "session_1", text: "ere, fri", boundary: "msg_1" },
    { kind: "text", sessionId: "session_1", text: "end.", boundary: "msg_1" },
    { kind: "thinking", sessionId: "session_1", text: "let me think", boundary: "msg_2" },
    { kind: "text", sessionId: "session_1", text: "second a", boundary: "msg_2" },
    { kind: "text", sessionId: "session_1", text: "nswer", boundary: "msg_2" },
  ]);
  const usage = {
    inputTokens: 11n,
    outputTokens: 20n,
    cacheReadTokens: 5n,
    cacheWriteTokens: 7n,
    reasoningTokens: 0n,
    cost: { nanos: 480_000n, currency: "USD", basis: "reported" },
  };
  expect(ofKind(updates, "turn_ended")).toEqual(
    ["turn_1", "turn_2"].map((turnId) => ({
      kind: "turn_ended",
      sessionId: "session_1",
      turnId,
      stopReason: "end_turn",
      usage,
    })),
  );
  const { cost: _, ...tokens } = usage;
  const sum = (name: keyof typeof tokens) =>
    ofKind(updates, "used").reduce((total, each) => total + each.usage[name], 0n);
  for (const [name, count] of Object.entries(tokens)) {
    expect(sum(name as keyof typeof tokens)).toBe(2n * count);
  }
  expect(ofKind(updates, "context").at(-1)).toMatchObject({ used: 43n, size: 1_000_000n });
});

test("a whole answer that did not stream is told all the same", () => {
  const whole = recorded("answers").filter(({ type }) => type !== "stream_event");
  expect(ofKind(replay(conversing(), whole), "text").map((each) => each.text)).toEqual([
    "Hello there, friend.",
    "second answer",
  ]);
});

test("tools: calls, diffs, what they gave back and what failed; a plan", () => {
  const updates = replay(conversing(), recorded("tools"));
  const calls = ofKind(updates, "tool_call").map(({ call }) => call);
  const [write, edit] = ["toolu_1_1", "toolu_3_0"].map((id) => calls.filter((each) => each.id === id));
  expect(write?.[0]).toMatchObject({
    name: "Write",
    title: "Write /work/web/a.txt",
    toolKind: "edit",
    status: ToolCallStatus.IN_PROGRESS,
    locations: ["/work/web/a.txt"],
    content: [
      { kind: { case: "fileDiff", value: { path: "/work/web/a.txt", newText: "line one\nline two\n" } } },
    ],
  });
  expect(write?.at(-1)).toMatchObject({ status: ToolCallStatus.COMPLETED, content: [] });
  expect(edit?.[0]?.content[0]?.kind.value).toMatchObject({ oldText: "line two", newText: "line 2" });
  expect(edit?.at(-1)).toMatchObject({
    status: ToolCallStatus.FAILED,
    content: [{ kind: { case: "text", value: "do not do it" } }],
  });
  const read = calls.filter(({ id }) => id === "toolu_7_1");
  expect(read.at(-1)?.content[0]?.kind.value).toContain("line one");
  expect(ofKind(updates, "part")[0]?.part.kind).toMatchObject({
    case: "plan",
    value: { entries: [{ content: "a", status: "in_progress" }] },
  });
  expect(ofKind(updates, "model").map(({ model }) => model)).toEqual(["claude-sonnet-5-5"]);
});

test("an interrupt ends the turn as cancelled, with what was used until then", () => {
  const adapter = conversing();
  expect(adapter.cancel("session_1")).toEqual([]);
  prompt(adapter, "turn_0");
  const [interrupt] = parsed(adapter.cancel("session_1"));
  expect(interrupt.request).toEqual({ subtype: "interrupt" });
  adapter.dropPrompt("turn_0");
  const ended = ofKind(replay(adapter, recorded("interrupts")), "turn_ended");
  expect(ended.map(({ stopReason, error }) => [stopReason, error])).toEqual([
    ["cancelled", undefined],
    ["end_turn", undefined],
    ["cancelled", undefined],
    ["end_turn", undefined],
    ["end_turn", undefined],
  ]);
  expect(ended[0]?.usage).toMatchObject({ inputTokens: 11n, outputTokens: 3n, cost: { nanos: 140_000n } });
});

test("an older version does not name an interrupt as the reason; that it was asked for does", () => {
  const adapter = conversing();
  const failed = line({ type: "result", subtype: "error_during_execution", is_error: true });
  const stopReason = () => ofKind(adapter.receive(failed).updates, "turn_ended")[0]?.stopReason;
  prompt(adapter, "turn_1");
  adapter.cancel("session_1");
  expect(stopReason()).toBe("cancelled");
  prompt(adapter, "turn_2");
  expect(stopReason()).toBe("error");
});

test("what a task in the background says ends no turn, and what it used is told", () => {
  const updates = replay(conversing(), recorded("background"));
  expect(ofKind(updates, "spent")).toMatchObject([
    { usage: { inputTokens: 11n, outputTokens: 20n, cost: { nanos: 480_000n } } },
  ]);
  // The subagent's own words are its caller's to hear; what it used counts.
  expect(ofKind(updates, "turn_ended")[3]?.usage).toMatchObject({ inputTokens: 33n, outputTokens: 60n });
  expect(ofKind(updates, "notice").map((each) => each.text)).toEqual([
    "[stratavore] Claude Code put a summary in place of the conversation so far, which held 43 tokens.",
  ]);
});

test("a result that names other messages is of another turn", () => {
  const adapter = conversing();
  const [sent] = parsed(prompt(adapter, "turn_1").send);
  const result = { type: "result", subtype: "success", is_error: false, stop_reason: "end_turn" };
  const foreign = adapter.receive(line({ ...result, user_message_uuids: ["another"] }));
  expect(foreign.updates.map(({ kind }) => kind)).toEqual(["spent"]);
  const own = adapter.receive(line({ ...result, user_message_uuids: [sent.uuid] }));
  expect(own.updates.map(({ kind }) => kind)).toEqual(["turn_ended"]);
});

test("a turn that the provider refuses fails, and says why", () => {
  const updates = replay(conversing(), recorded("refusals"));
  const ended = ofKind(updates, "turn_ended");
  expect(ended.map(({ stopReason, error }) => `${stopReason}: ${error}`)).toEqual([
    "error: Failed to authenticate. API Error: 401 served 401; log in once with the command claude, or give the runner an ANTHROPIC_API_KEY",
    "error: API Error: 400 served 400",
    "error: There's an issue with the selected model (claude-opus-5-5). It may not exist or you may not have access to it. Run --model to pick a different model.",
    "error: API Error: Request rejected (429) · served 429",
    "end_turn: undefined",
  ]);
  expect(ofKind(updates, "notice").map((each) => each.text)).toEqual([
    "[stratavore] The model's provider refused a request (authentication_failed, status 401); Claude Code tries again, up to 1 times.",
    "[stratavore] The model's provider refused a request (rate_limit, status 429); Claude Code tries again, up to 1 times.",
  ]);
  expect(ofKind(updates, "activity").map(({ activity }) => activity)).toEqual(["rate_limited"]);
});

test("the limit of a subscription is told with the time at which it resets", () => {
  const adapter = createClaudeAdapter(launch);
  adapter.start();
  const [first, ...rest] = recorded("subscription") as { response?: { response: object }; type: string }[];
  adapter.receive(success("stratavore-1", first!.response!.response));
  adapter.openSession(opening());
  adapter.receive(success("stratavore-2", {}));
  const updates = replay(adapter, rest);
  expect(ofKind(updates, "activity")).toMatchObject([{ activity: "rate_limited" }]);
  const at = new Date(1795441835 * 1000).toISOString();
  expect(ofKind(updates, "notice").map((each) => each.text)).toEqual([
    `[stratavore] The five-hour limit of the subscription is reached; it resets at ${at}.`,
  ]);
  expect(ofKind(updates, "turn_ended")[0]?.usage?.cost?.basis).toBe("api_equivalent");
});

test("an older version tells the tokens of a turn, and its cost as a sum", () => {
  const adapter = conversing();
  const results = recorded("answers")
    .filter(({ type }) => type === "result")
    .map(({ model_usage_since_last_result: _, ...rest }) => rest);
  const ended = results.flatMap((each, index) => {
    prompt(adapter, `turn_${index}`);
    return ofKind(adapter.receive(line(each)).updates, "turn_ended");
  });
  expect(ended.map(({ usage }) => [usage?.inputTokens, usage?.cost?.nanos])).toEqual([
    [11n, 480_000n],
    [11n, 480_000n],
  ]);
});

test("the sum of a conversation that goes on is not taken for the cost of its next turn", () => {
  const adapter = ready({ resumes: launch.agentSessionId });
  adapter.openSession(opening({ resume: launch.agentSessionId }));
  adapter.receive(success("stratavore-2", {}));
  prompt(adapter, "turn_1");
  const result = { type: "result", subtype: "success", is_error: false, total_cost_usd: 5 };
  const [ended] = ofKind(adapter.receive(line(result)).updates, "turn_ended");
  expect(ended?.usage?.cost).toBeUndefined();
});

test("a message is sent as content blocks, under an id that is the turn's", () => {
  const adapter = conversing();
  const data = Buffer.from("png");
  const image = {
    kind: { case: "blob" as const, value: { mimeType: "image/png", data, uri: "", name: "" } },
    $typeName: "stratavore.v1.Part" as const,
  };
  const parts = [text("look"), image] as Parameters<typeof adapter.prompt>[0]["parts"];
  expect(adapter.refusal(parts)).toBeUndefined();
  const once = adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts });
  const [sent] = parsed(once.send);
  expect(sent).toMatchObject({
    type: "user",
    message: {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "cG5n" } },
      ],
    },
  });
  expect(sent.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts })).toEqual(once);
  const sound = { ...image, kind: { ...image.kind, value: { ...image.kind.value, mimeType: "audio/wav" } } };
  expect(adapter.refusal([text("hear"), sound] as typeof parts)).toMatchObject({ index: 1 });
});

test("a new model is told once Claude Code has it, and a retired name is its family's current one", () => {
  const adapter = conversing();
  const { updates, send } = adapter.setModel({ sessionId: "session_1", model: "claude-3-5-haiku-20241022" });
  const message = "the model claude-3-5-haiku-20241022 is retired; Claude Code runs its current haiku";
  expect(updates).toEqual([{ kind: "warning", sessionId: "session_1", message }]);
  const [asked] = parsed(send);
  expect(asked.request).toEqual({ subtype: "set_model", model: "haiku" });
  expect(adapter.receive(success(asked.request_id, { model: "claude-haiku-5-5" })).updates).toEqual([
    { kind: "model", sessionId: "session_1", model: "claude-haiku-5-5" },
  ]);
  const [again] = parsed(adapter.setModel({ sessionId: "session_1", model: "" }).send);
  expect(again.request.model).toBe("default");
  expect(adapter.receive(refusal(again.request_id, "no")).updates).toMatchObject([{ kind: "warning" }]);
});

test("an adapter of a stored state goes on where the other one stopped", () => {
  const lines = recorded("tools");
  const whole = replay(conversing(), lines);
  const first = conversing();
  for (const cut of [1, 17, 40, 77, lines.length - 3]) {
    const adapter = conversing();
    const before = replay(adapter, lines.slice(0, cut));
    const stored = JSON.parse(JSON.stringify(adapter.state));
    expect(stored).toEqual(adapter.state);
    const later = createClaudeAdapter(launch, stored);
    const rest = lines.slice(cut).flatMap((value) => {
      const isPrompt = value.type === "system" && value.subtype === "init";
      const turn = (later.state as { turn?: object }).turn;
      if (isPrompt && turn === undefined) prompt(later, "turn_later");
      return value.type === "control_response" ? [] : later.receive(line(value)).updates;
    });
    const kinds = (updates: { kind: string }[]) => updates.map(({ kind }) => kind);
    expect(kinds([...before, ...rest])).toEqual(kinds(whole));
  }
  expect(first.hasRoom).toBe(false);
});
