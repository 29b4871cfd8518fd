import { create, toBinary } from "@bufbuild/protobuf";
import { ApprovalSchema, PartSchema, ToolCallSchema, UsageSchema } from "@stratavore/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AgentAdapter, type AgentUpdate, createClaudeAdapter } from "../../../src/agents/index.js";
import { bookTurn } from "../../../src/supervise/runner/costs.js";
import { conversing, launch, line, opening, prompt, recorded } from "./speech.js";

/** JSON with everything in it that types do not promise. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, -1, 1.5, 1e300, "", "\ud800", "x\udc00y", "__proto__", "toolu_1"),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom("type", "text", "content", "id", "name", "input", "__proto__", "constructor"),
      tie("value"),
    ),
  ),
})).value;

const lines = ["answers", "tools", "interrupts", "background", "refusals", "subscription"].flatMap(recorded);

/** A recorded line in which something, at any depth, is something else. */
const damaged = fc
  .tuple(fc.constantFrom(...lines), fc.array(fc.nat(), { maxLength: 6 }), anything)
  .map(([value, path, other]) => replaced(value, path, other));

function replaced(value: unknown, [head, ...rest]: number[], other: unknown): unknown {
  if (head === undefined || typeof value !== "object" || value === null) return other;
  const keys = Object.keys(value);
  const key = keys[head % keys.length];
  if (key === undefined) return other;
  const inner = replaced((value as Record<string, unknown>)[key], rest, other);
  return Array.isArray(value)
    ? value.map((each, index) => (String(index) === key ? inner : each))
    : { ...value, [key]: inner };
}

const spoken = fc.oneof(
  fc.constantFrom(...lines).map((value) => JSON.stringify(value)),
  damaged.map((value) => JSON.stringify(value) ?? ""),
  anything.map((value) => JSON.stringify(value) ?? ""),
  fc.string({ unit: "binary" }),
  fc.tuple(fc.constantFrom(...lines), fc.nat(2000)).map(([value, at]) => JSON.stringify(value).slice(0, at)),
);

/** All of it can be stored. */
function checkStorable(update: AgentUpdate): void {
  if (update.kind === "part") toBinary(PartSchema, update.part);
  if (update.kind === "tool_call") toBinary(ToolCallSchema, update.call);
  if (update.kind === "approval_requested") {
    const { toolCall, options, question } = update;
    toBinary(ApprovalSchema, create(ApprovalSchema, { toolCall, options, ...(question && { question }) }));
  }
  if (update.kind === "turn_ended" || update.kind === "spent") {
    const account = { reported: "0", unbooked: "0", currency: "" };
    toBinary(UsageSchema, bookTurn(account, update.usage));
  }
  for (const value of Object.values(update)) {
    if (typeof value === "string" && update.kind !== "unreadable") expect(value.isWellFormed()).toBe(true);
  }
}

function checkState(adapter: AgentAdapter): void {
  expect(JSON.parse(JSON.stringify(adapter.state))).toEqual(adapter.state);
}

test("whatever it says, the adapter goes on, and what it tells can be stored", () => {
  fc.assert(
    fc.property(fc.array(spoken, { minLength: 1, maxLength: 30 }), (texts) => {
      const adapter = conversing();
      prompt(adapter, "turn_1");
      for (const [index, text] of texts.entries()) {
        const { updates, send } = adapter.receive({ stream: "stdout", text });
        for (const update of updates) {
          checkStorable(update);
          if (update.kind === "approval_requested") {
            for (const sent of adapter.answer(update.agentRequestId, { optionId: "allow_always" }))
              JSON.parse(sent);
          }
          if (update.kind === "turn_ended") prompt(adapter, `turn_${index + 2}`);
        }
        for (const sent of send) JSON.parse(sent);
      }
      checkState(adapter);
    }),
    { numRuns: 400 },
  );
});

test("a state stored after any line goes on as the one that was not", () => {
  fc.assert(
    fc.property(fc.array(spoken, { minLength: 2, maxLength: 20 }), fc.nat(), (texts, at) => {
      const cut = 1 + (at % (texts.length - 1));
      const whole = conversing();
      const first = conversing();
      const say = (adapter: AgentAdapter, some: string[]) =>
        some.flatMap((text) => adapter.receive({ stream: "stdout", text }).updates);
      const expected = say(whole, texts);
      const before = say(first, texts.slice(0, cut));
      const later = createClaudeAdapter(launch, JSON.parse(JSON.stringify(first.state)));
      expect([...before, ...say(later, texts.slice(cut))]).toEqual(expected);
      expect(later.openSession(opening())).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});

test("error output and empty lines are no part of the protocol", () => {
  const adapter = conversing();
  for (const each of [
    { ...line({ type: "result" }), stream: "stderr" as const },
    { stream: "stdout" as const, text: " " },
  ]) {
    expect(adapter.receive(each)).toEqual({ updates: [], send: [] });
  }
  expect(adapter.receive({ stream: "stdout", text: "Warning: x" }).updates).toEqual([
    { kind: "unreadable", text: "Warning: x" },
  ]);
});
