import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentUpdate } from "../../../src/agents/index.js";
import { merged } from "../../../src/supervise/runner/coalesce.js";

const update: fc.Arbitrary<AgentUpdate> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("text" as const, "thinking" as const),
    sessionId: fc.constantFrom("a", "b"),
    text: fc.string(),
    boundary: fc.constantFrom("m1", "m2"),
  }),
  fc.record({ kind: fc.constant("title" as const), sessionId: fc.constant("a"), title: fc.string() }),
);

/** Each character with all that it was said under. */
const characters = (updates: readonly AgentUpdate[]): unknown[] =>
  updates.flatMap((each): unknown[] =>
    each.kind === "text" || each.kind === "thinking"
      ? [...each.text].map((one) => [each.kind, each.sessionId, each.boundary, one])
      : [each],
  );

test("nothing is lost, moved or said under another name; nothing that could be joined is left apart", () => {
  fc.assert(
    fc.property(fc.array(update), (updates) => {
      const result = merged(updates);
      expect(characters(result)).toEqual(characters(updates));
      const same = (a: AgentUpdate, b: AgentUpdate) =>
        (a.kind === "text" || a.kind === "thinking") &&
        a.kind === b.kind &&
        a.sessionId === b.sessionId &&
        a.boundary === b.boundary;
      for (const [at, each] of result.entries()) if (at > 0) expect(same(result[at - 1]!, each)).toBe(false);
    }),
  );
});
