import fc from "fast-check";
import { expect, test } from "vitest";
import { stderrTail } from "../../../src/supervise/runner/stderr-tail.js";

test("the last lines are kept, whole as far as they fit into 4 KiB", () => {
  expect(stderrTail("", ["one", "two"])).toBe("one\ntwo\n");
  expect(stderrTail("one\n", ["two"])).toBe("one\ntwo\n");
  expect(stderrTail("", [`${"x".repeat(10_000)}end`])).toMatch(/^x{4092}end\n$/);
});

test("it is the end of all that was said, at most 4 KiB, and never ends in the middle of a character", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "👍", "語"), maxLength: 3000 });
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 4 }), { maxLength: 6 }), (batches) => {
      let tail = "";
      for (const batch of batches) tail = stderrTail(tail, batch);
      const all = batches
        .flat()
        .map((each) => `${each}\n`)
        .join("");
      expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4096);
      expect(all.endsWith(tail)).toBe(true);
      expect(tail.isWellFormed()).toBe(true);
      if (Buffer.byteLength(all) <= 4096) expect(tail).toBe(all);
      else expect(Buffer.byteLength(tail)).toBeGreaterThan(4090);
    }),
  );
});
