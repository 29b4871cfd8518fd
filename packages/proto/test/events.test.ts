import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compile, root } from "../scripts/buf.mjs";
import { eventsPage, eventTypes } from "../scripts/events-page.mjs";
import { EventType } from "../src/gen/stratavore/v1/event_pb.js";
import { registry } from "../src/registry.js";

const compiled = compile();
const types = eventTypes(compiled);

it("knows every event type", () => {
  const numbers = Object.values(EventType).filter((each) => typeof each === "number" && each !== 0);
  expect(types.map(({ number }) => number)).toEqual(numbers);
});

it.each(types.filter(({ number }) => number !== EventType.BOOKMARK))(
  "$name has the payload of its name, and clients can read it",
  ({ name, payloadName }) => {
    const words = name.replace("EVENT_TYPE_", "").toLowerCase().split("_");
    expect(payloadName).toBe(words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(""));
    expect(registry.getMessage(`stratavore.v1.${payloadName}`)).toBeDefined();
  },
);

it("a bookmark has none", () => {
  expect(types.find(({ number }) => number === EventType.BOOKMARK)).toMatchObject({ payloadName: undefined });
});

it("docs/events.md is what `npm run generate` writes", () => {
  expect(readFileSync(join(root, "docs/events.md"), "utf8")).toBe(eventsPage(compiled));
});
