import { expect, test } from "vitest";
import { createExecAdapter } from "../../../src/agents/exec/adapter.js";
import { text } from "../acp/speech.js";

const options = { sessionId: "session_1", input: true };

test("each line is text of the one session, told apart by its stream, also after a restore", () => {
  const adapter = createExecAdapter(options);
  const again = createExecAdapter({ sessionId: "", input: true }, JSON.parse(JSON.stringify(adapter.state)));
  for (const each of [adapter, again]) {
    expect(each.start()).toEqual([]);
    expect(each.receive({ stream: "stderr", text: '{"jsonrpc":"2.0"}' })).toEqual({
      updates: [{ kind: "text", sessionId: "session_1", text: '{"jsonrpc":"2.0"}\n', boundary: "stderr" }],
      send: [],
    });
  }
});

test("a message is its text on the program's input, and is over once it is there", () => {
  const adapter = createExecAdapter(options);
  const parts = [text("one"), text(" two")];
  expect(adapter.refusal(parts)).toBeUndefined();
  expect(adapter.prompt({ sessionId: "session_1", turnId: "turn_1", parts })).toEqual({
    updates: [{ kind: "turn_ended", sessionId: "session_1", turnId: "turn_1", stopReason: "delivered" }],
    send: ["one two"],
  });
  expect(adapter.refusal([text("x"), { ...text(""), kind: { case: "thinking", value: "y" } }])?.index).toBe(
    1,
  );
});
