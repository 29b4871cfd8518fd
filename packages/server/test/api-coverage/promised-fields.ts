import { readFileSync } from "node:fs";
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  RunnerSpecSchema,
  SessionService,
  UsageService,
} from "@stratavore/proto";

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

/** The services of the API reference, in its order, and ours. */
export const services = [
  RunnerService,
  ProjectService,
  SessionService,
  DaemonService,
  ApprovalService,
  UsageService,
] as const;

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

const allMethods = services.flatMap((service) => service.methods as readonly DescMethod[]);

/** The RPCs of the API reference, in its order. */
export const promisedMethods: readonly DescMethod[] = allMethods.filter(({ name }) => promisedRpcs.has(name));

/** The RPCs that we have added. */
export const ownMethods: readonly DescMethod[] = allMethods.filter(({ name }) => !promisedRpcs.has(name));

/** Paths of fields that we have added: to a promised request or what is in it, or all of a request of ours. */
export function ownFields({ name, input }: DescMethod): string[] {
  if (!promisedRpcs.has(name)) return input.fields.map((field) => field.name);
  return addedFields(input, "");
}

function addedFields(message: DescMessage, within: string): string[] {
  return message.fields.flatMap((field) => {
    const path = `${within}${field.name}`;
    const isOurs = field.number >= firstOwnNumber || message === RunnerSpecSchema;
    const inner = field.fieldKind === "message" ? field.message : undefined;
    const isWalked = inner && (promisedMessages.has(inner.name) || inner === RunnerSpecSchema);
    return [...(isOurs ? [path] : []), ...(isWalked ? addedFields(inner, `${path}.`) : [])];
  });
}

/** Names of RPCs in the text of the API reference. */
export const rpcsInReference: ReadonlySet<string> = promisedRpcs;
