import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type ToolCall, ToolCallSchema, ToolCallStatus } from "@stratavore/proto";
import { freeJson, recordsIn, textIn } from "../read.js";
import { toolPartOf } from "./content.js";

const statuses: ReadonlyMap<unknown, ToolCallStatus> = new Map([
  ["pending", ToolCallStatus.PENDING],
  ["in_progress", ToolCallStatus.IN_PROGRESS],
  ["completed", ToolCallStatus.COMPLETED],
  ["failed", ToolCallStatus.FAILED],
]);

/** Calls that are followed at a time; of more than that the oldest are forgotten. */
const maxCalls = 256;
/** What a call is given and gives back is part of the stored state only up to this many characters of JSON. */
const maxBodyCharacters = 16 * 1024;

const texts = ["title", "name", "kind", "status"] as const;

/** What is known of a tool call so far: plain JSON, because it is part of the stored state. */
export interface KnownToolCall {
  toolCallId: string;
  title?: string;
  name?: string;
  kind?: string;
  status?: string;
  content?: Record<string, unknown>[];
  locations?: string[];
  rawInput?: unknown;
  rawOutput?: unknown;
}

export type KnownToolCalls = Record<string, KnownToolCall>;

/** Takes an update in, and gives the call as it is now. An update names only what changed. */
export function noteToolCall(
  calls: KnownToolCalls,
  agentSessionId: string,
  update: Record<string, unknown>,
): ToolCall {
  const toolCallId = textIn(update.toolCallId);
  const key = `${agentSessionId}\u0000${toolCallId}`;
  const call = merge(calls[key], toolCallId, update);
  const message = messageOf(call);
  delete calls[key];
  if (call.status !== "completed" && call.status !== "failed") {
    calls[key] = withoutBulk(call);
    const [oldest, ...others] = Object.keys(calls);
    if (oldest !== undefined && others.length >= maxCalls) delete calls[oldest];
  }
  return message;
}

function merge(
  known: KnownToolCall | undefined,
  toolCallId: string,
  update: Record<string, unknown>,
): KnownToolCall {
  const call: KnownToolCall = { ...known, toolCallId };
  for (const name of texts) if (typeof update[name] === "string") call[name] = textIn(update[name]);
  if (Array.isArray(update.content)) call.content = recordsIn(update.content);
  if (Array.isArray(update.locations)) call.locations = recordsIn(update.locations).flatMap(locationIn);
  if (update.rawInput != null) call.rawInput = freeJson(update.rawInput);
  if (update.rawOutput != null) call.rawOutput = freeJson(update.rawOutput);
  return call;
}

function locationIn({ path, line }: Record<string, unknown>): string[] {
  if (typeof path !== "string") return [];
  return [typeof line === "number" ? `${textIn(path)}:${line}` : textIn(path)];
}

/** The transcript holds the rest: it keeps what an update leaves out. */
function withoutBulk({ content, rawInput, rawOutput, ...head }: KnownToolCall): KnownToolCall {
  const body = { content, rawInput, rawOutput };
  return JSON.stringify(body).length > maxBodyCharacters ? head : { ...head, ...body };
}

const asValue = (value: unknown) =>
  value === undefined ? undefined : fromJson(ValueSchema, value as JsonValue);

/** Fields that are not known are left empty, the status included. */
function messageOf(call: KnownToolCall): ToolCall {
  return create(ToolCallSchema, {
    id: call.toolCallId,
    title: call.title ?? "",
    name: call.name ?? "",
    toolKind: call.kind ?? "",
    status: statuses.get(call.status) ?? ToolCallStatus.UNSPECIFIED,
    input: asValue(call.rawInput),
    output: asValue(call.rawOutput),
    content: (call.content ?? []).map(toolPartOf),
    locations: call.locations ?? [],
  });
}
