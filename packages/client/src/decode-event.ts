import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { EventType, type RunnerEvent } from "@stratavore/proto";
import { registry } from "@stratavore/proto/registry";

type Contract = typeof import("@stratavore/proto");

type PascalCase<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Capitalize<Lowercase<Word>>}${PascalCase<Rest>}`
  : Capitalize<Lowercase<Name>>;

/** The payload messages, by the names that the event types give them. */
type PayloadName = PascalCase<Exclude<keyof typeof EventType, "UNSPECIFIED" | "BOOKMARK">>;

type Payload<Name extends PayloadName> = `${Name}Schema` extends keyof Contract
  ? Contract[`${Name}Schema`] extends GenMessage<infer M>
    ? M
    : never
  : never;

/** An event with its payload: `type` is the payload message's name with a small first letter. */
export type DecodedEvent =
  | {
      [Name in PayloadName]: { type: Uncapitalize<Name>; payload: Payload<Name>; event: RunnerEvent };
    }[PayloadName]
  | { type: "bookmark"; event: RunnerEvent }
  | { type: "unknown"; event: RunnerEvent };

/**
 * Unpacks the payload of an event. What this version of the library does not know comes as `unknown`.
 *
 * @throws Error when the payload's bytes are damaged
 */
export function decodeEvent(event: RunnerEvent): DecodedEvent {
  if (event.eventType === EventType.BOOKMARK) return { type: "bookmark", event };
  const name = payloadNames.get(event.eventType);
  const payload = event.payload && anyUnpack(event.payload, registry);
  if (name === undefined || payload?.$typeName !== `stratavore.v1.${name}`) return { type: "unknown", event };
  const type = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return { type, payload, event } as unknown as DecodedEvent;
}

const payloadNames = new Map<EventType, string>(
  Object.entries(EventType)
    .filter((entry): entry is [string, EventType] => typeof entry[1] === "number")
    .map(([name, value]) => [value, pascalCase(name)]),
);

function pascalCase(name: string): string {
  return name.replace(/([A-Z])([A-Z]*)_?/g, (_, first: string, rest: string) => first + rest.toLowerCase());
}
