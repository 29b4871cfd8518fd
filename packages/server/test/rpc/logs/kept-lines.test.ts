import { LogLevel } from "@stratavore/proto";
import { expect, test } from "vitest";
import { KeptLines, type LogLine, type LogPosition } from "../../../src/rpc/logs/kept-lines.js";

const { DEBUG, INFO, WARN, ERROR } = LogLevel;
const line = (level: LogLevel, message: string): LogLine => ({ at: 0, level, message, fields: {} });

/** All that is ahead of a position. */
function rest(kept: KeptLines, from: LogPosition) {
  const found: string[] = [];
  let missed = 0;
  for (let position = from; ; ) {
    const next = kept.after(position);
    missed += next.missed;
    found.push(...next.lines.map(({ message }) => message));
    if (next.lines.length === 0) return { found, missed };
    position = next.position;
  }
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, n) => String(n + from));

test("many lines of one severity do not push out the few of another", () => {
  const kept = new KeptLines({ lines: 100, characters: 1_000_000 });
  kept.add(line(ERROR, "the fault"));
  for (const name of numbered(1000)) kept.add(line(DEBUG, name));
  expect(rest(kept, kept.before(5, ERROR)).found).toEqual(["the fault"]);
  expect(rest(kept, kept.before(1000, DEBUG)).found).toEqual(["the fault", ...numbered(100, 900)]);
});

test("the last lines are those of the severity asked for and above, in the order they came", () => {
  const kept = new KeptLines();
  const levels = [DEBUG, INFO, WARN, ERROR];
  for (let n = 0; n < 400; n++) kept.add(line(levels[n % 4]!, String(n)));
  expect(rest(kept, kept.before(4, WARN)).found).toEqual(["394", "395", "398", "399"]);
  expect(rest(kept, kept.before(1000, DEBUG)).found).toEqual(numbered(400));
  expect(rest(kept, kept.before(1, ERROR)).found).toEqual(["399"]);
});

test("a reader that is overtaken learns by how many lines", () => {
  const kept = new KeptLines({ lines: 100, characters: 1_000_000 });
  for (const name of numbered(10)) kept.add(line(INFO, name));
  const { position } = kept.after(kept.before(10, INFO));
  for (const name of numbered(250, 10)) kept.add(line(INFO, name));
  for (const name of numbered(7)) kept.add(line(DEBUG, name));
  expect(rest(kept, position)).toEqual({ found: numbered(100, 160), missed: 150 });
});

test("long lines are kept in fewer numbers", () => {
  const kept = new KeptLines({ lines: 100, characters: 1_000 });
  for (const name of numbered(50)) kept.add({ ...line(INFO, name), fields: { x: "y".repeat(97) } });
  expect(rest(kept, kept.before(100, INFO)).found).toEqual(numbered(10, 40));
});

test("a wait ends with the next line, or with its signal", async () => {
  const kept = new KeptLines();
  const stop = new AbortController();
  const [next, other] = [kept.next(stop.signal), kept.next(stop.signal)];
  kept.add(line(INFO, "x"));
  await Promise.all([next, other]);
  const last = kept.next(stop.signal);
  stop.abort(new Error("over"));
  await expect(last).rejects.toThrow("over");
  await expect(kept.next(stop.signal)).rejects.toThrow("over");
});
