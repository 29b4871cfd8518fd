import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  EventType,
  RunnerEventSchema,
  RunnerFailedSchema,
  RunnerStartedSchema,
  TurnCompletedSchema,
} from "@stratavore/proto";
import { registry } from "@stratavore/proto/registry";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type DecodedEvent, decodeEvent } from "../src/index.js";

describe("decodeEvent", () => {
  test("gives the payload its type", () => {
    const payload = create(RunnerStartedSchema, { agent: "demo", pid: 7 });
    const event = create(RunnerEventSchema, {
      eventType: EventType.RUNNER_STARTED,
      payload: anyPack(RunnerStartedSchema, payload),
    });
    const decoded = decodeEvent(event);
    if (decoded.type !== "runnerStarted") throw new Error(decoded.type);
    expectTypeOf(decoded.payload.pid).toEqualTypeOf<number>();
    expect(decoded).toEqual({ type: "runnerStarted", payload, event });
  });

  test("knows a payload message for every event type", () => {
    const types = Object.values(EventType).filter((value) => typeof value === "number");
    const seen = new Set<string>();
    for (const eventType of types) {
      if (eventType === EventType.UNSPECIFIED || eventType === EventType.BOOKMARK) continue;
      const name = EventType[eventType]!.split("_")
        .map((word) => word[0] + word.slice(1).toLowerCase())
        .join("");
      const schema = registry.getMessage(`stratavore.v1.${name}`)!;
      const payload = anyPack(schema, create(schema));
      seen.add(decodeEvent(create(RunnerEventSchema, { eventType, payload })).type);
    }
    expect(seen.size).toBe(types.length - 2);
    expect(seen).not.toContain("unknown");
    expectTypeOf<"turnCompleted" | "budgetWarning" | "projectDeleted">().toExtend<DecodedEvent["type"]>();
  });

  test("calls unknown what is newer than this library, mismatched or without payload", () => {
    const payload = anyPack(RunnerFailedSchema, create(RunnerFailedSchema));
    const alien = { typeUrl: "type.googleapis.com/stratavore.v1.RunnerTeleported", value: new Uint8Array(1) };
    for (const init of [
      { eventType: 999 as EventType, payload },
      { eventType: EventType.RUNNER_STARTED, payload },
      { eventType: EventType.RUNNER_STARTED, payload: alien },
      { eventType: EventType.TURN_COMPLETED },
    ]) {
      expect(decodeEvent(create(RunnerEventSchema, init)).type).toBe("unknown");
    }
    expect(decodeEvent(create(RunnerEventSchema, { eventType: EventType.BOOKMARK })).type).toBe("bookmark");
  });

  test("fails on a damaged payload", () => {
    const payload = {
      ...anyPack(TurnCompletedSchema, create(TurnCompletedSchema)),
      value: new Uint8Array([255]),
    };
    const event = create(RunnerEventSchema, { eventType: EventType.TURN_COMPLETED, payload });
    expect(() => decodeEvent(event)).toThrow();
  });
});
