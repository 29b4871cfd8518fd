import { expect, test } from "vitest";
import { keptFacts, keptText, maxTextLength } from "../../../src/rpc/logs/facts.js";

test("facts become text, whatever they are", () => {
  const cause = new RangeError("the disk is full");
  expect(
    keptFacts({
      text: "plain",
      count: 7,
      big: 2n ** 60n,
      yes: true,
      none: null,
      missing: undefined,
      list: ["a", 1],
      nested: { pid: 12, at: new Date(0) },
      bytes: new Uint8Array(5),
      run: () => 1,
      error: new TypeError("cannot write", { cause }),
    }),
  ).toEqual({
    text: "plain",
    count: "7",
    big: "1152921504606846976",
    yes: "true",
    none: "null",
    missing: "undefined",
    list: '["a",1]',
    nested: '{"pid":12,"at":"1970-01-01T00:00:00.000Z"}',
    bytes: "[5 bytes]",
    run: "[function]",
    error: "TypeError: cannot write (because of RangeError: the disk is full)",
  });
});

test("facts that cannot be read, or that never end, fail nobody", () => {
  const circle: Record<string, unknown> = { name: "round" };
  circle.self = circle;
  const chained = new Error("first");
  chained.cause = chained;
  const thrower = {
    get inside() {
      throw new Error("no");
    },
    good: "kept",
  };
  const closed = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("closed");
      },
    },
  );
  const kept = keptFacts({ circle, chained, thrower: { thrower }, good: "kept" });
  expect(kept.circle).toMatch(/^\{"name":"round","self":.*"\[…\]"/);
  expect(kept.chained).toMatch(/^Error: first \(because of Error: first/);
  expect(kept).toMatchObject({ thrower: "[unreadable]", good: "kept" });
  expect(keptFacts(thrower)).toEqual({ inside: "[unreadable]", good: "kept" });
  expect(keptFacts(closed)).toEqual({ facts: "[unreadable]" });
});

test("a line that is too long is cut, and says by how much", () => {
  const text = keptText("é".repeat(maxTextLength + 25));
  expect(text).toBe(`${"é".repeat(maxTextLength)}… (25 more characters)`);
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`fact${n}`, "x".repeat(10_000)]));
  expect(JSON.stringify(keptFacts(many)).length).toBeLessThan(200_000);
});
