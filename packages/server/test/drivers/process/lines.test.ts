import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter } from "../../../src/drivers/process/lines.js";

function split(chunks: Buffer[], maxBytes = 1 << 20) {
  const splitter = new LineSplitter(maxBytes);
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.finish();
  return last === null ? lines : [...lines, last];
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("cutting bytes into lines", () => {
  test("the pieces in which text arrives make no difference", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat()), (text, places) => {
        const lines = split(cut(Buffer.from(text), places));
        expect(lines.map((line) => line.text + (line.terminated ? "\n" : "")).join("")).toBe(text);
        expect(lines.every((line) => !line.invalidUtf8 && line.droppedBytes === 0)).toBe(true);
      }),
    );
  });

  test("any bytes and any limit: every byte is in the text or counted as dropped", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat()),
        fc.integer({ min: 1, max: 40 }),
        (bytes, places, maxBytes) => {
          const whole = split([Buffer.from(bytes)], maxBytes);
          expect(split(cut(Buffer.from(bytes), places), maxBytes)).toEqual(whole);
          const lengths = Buffer.from(bytes)
            .toString("latin1")
            .split("\n")
            .map((line) => line.length);
          if (lengths.at(-1) === 0) lengths.pop();
          expect(whole.length).toBe(lengths.length);
          for (const [index, line] of whole.entries()) {
            expect(line.droppedBytes).toBeGreaterThanOrEqual(Math.max(0, lengths[index]! - maxBytes));
            if (!line.invalidUtf8) {
              expect(Buffer.byteLength(line.text) + line.droppedBytes).toBe(lengths[index]);
            }
          }
        },
      ),
    );
  });

  test("bytes that are not UTF-8 are replaced and told", () => {
    expect(split([Buffer.from([0x61, 0xc3, 0x0a, 0xff, 0x62])])).toEqual([
      { text: "a\ufffd", invalidUtf8: true, droppedBytes: 0, terminated: true },
      { text: "\ufffdb", invalidUtf8: true, droppedBytes: 0, terminated: false },
    ]);
  });

  test("a line past the limit keeps whole characters", () => {
    const [line, next] = split([Buffer.from("aé€😀rest\nshort\n")], 8);
    // One, two and three bytes; the next character would need ten in all.
    expect(line).toEqual({ text: "aé€", invalidUtf8: false, droppedBytes: 8, terminated: true });
    expect(next?.text).toBe("short");
  });

  test("a line of exactly the limit is whole", () => {
    expect(split([Buffer.from("12345678\n")], 8)[0]).toMatchObject({ text: "12345678", droppedBytes: 0 });
    expect(split([Buffer.from("1234"), Buffer.from("5678\n")], 8)[0]).toMatchObject({ droppedBytes: 0 });
    expect(split([Buffer.from("1234"), Buffer.from("56789\n")], 8)[0]).toMatchObject({ droppedBytes: 1 });
  });

  test("a line without end needs no more memory than the limit", () => {
    const splitter = new LineSplitter(1024);
    const chunk = Buffer.alloc(1 << 20, "x");
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 100; index++) splitter.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
    expect(splitter.finish()).toMatchObject({ text: "x".repeat(1024), droppedBytes: (100 << 20) - 1024 });
  });
});
