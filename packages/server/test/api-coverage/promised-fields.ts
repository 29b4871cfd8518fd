import { readFileSync } from "node:fs";
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { DaemonService, ProjectService, RunnerService, SessionService } from "@stratavore/proto";

const blocksOf = (path: string) => {
  const page = readFileSync(new URL(path, import.meta.url), "utf8");
  return [...page.matchAll(/^```protobuf\n([\s\S]*?)^```$/gm)].map(([, text]) => text!).join("\n");
};

const reference = blocksOf("../../../../docs/grpc-api-reference.md");
const completion = blocksOf("../../../proto/test/contract/completion.md");

const namesIn = (text: string, pattern: RegExp) =>
  new Set([...text.matchAll(pattern)].map(([, name]) => name!));

/** Numbers below this one belong to the promise. */
const firstOwnNumber = 100;
const promisedRpcs = namesIn(reference, /^ {2}rpc (\w+)\(/gm);
const promisedMessages = namesIn(`${reference}\n${completion}`, /^message (\w+)/gm);

/** The services of the API reference, in its order. */
export const services = [RunnerService, ProjectService, SessionService, DaemonService] as const;

/** Paths of the promised fields of a request, outer ones before what is in them. */
export function promisedFields(message: DescMessage, within = ""): string[] {
  return message.fields
    .filter(({ number }) => number < firstOwnNumber)
    .flatMap((field) => {
      const path = `${within}${field.name}`;
      const isPromised = field.fieldKind === "message" && promisedMessages.has(field.message.name);
      return [path, ...(isPromised ? promisedFields(field.message, `${path}.`) : [])];
    });
}

/** The RPCs of the API reference, in its order. */
export const promisedMethods: readonly DescMethod[] = services
  .flatMap((service) => service.methods as readonly DescMethod[])
  .filter(({ name }) => promisedRpcs.has(name));

/** Names of RPCs in the text of the API reference. */
export const rpcsInReference: ReadonlySet<string> = promisedRpcs;
