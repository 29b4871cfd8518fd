import fc from "fast-check";
import { expect, test } from "vitest";
import { eventId, positionOf } from "../../src/domain/events.js";

const log = { epoch: "abc123", head: 100n, floor: 10n };

test("every position from the floor to the head is one to go on from", () => {
  for (let seq = log.floor; seq <= log.head; seq++)
    expect(positionOf(eventId(log.epoch, seq), log)).toBe(seq);
});

test.for([
  ["abc123-9", /no longer kept/],
  ["abc123-101", /has not happened yet/],
  ["other-50", /of another log/],
] as const)("%s is out of range", ([id, message]) => {
  expect(() => positionOf(id, log)).toThrow(
    expect.objectContaining({
      code: "out_of_range",
      message: expect.stringMatching(message),
      details: { after_event_id: id, oldest_event_id: "abc123-10" },
    }),
  );
});

test("anything else is no event id", () => {
  const ids = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "",
      "-",
      "abc123",
      "abc123-",
      "-5",
      "abc123--5",
      "abc123-5x",
      "abc123-1e3",
      `a-${"9".repeat(19)}`,
      "a b-5",
      "abc123-5\n",
    ),
  );
  fc.assert(
    fc.property(ids, (id) => {
      fc.pre(!/^[A-Za-z0-9_]{1,64}-\d{1,18}$/.test(id));
      expect(() => positionOf(id, log)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    }),
  );
});
