import type { ToolCall as AcpToolCall, ToolCallUpdate } from "@agentclientprotocol/sdk";
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type ToolCall, ToolCallSchema, ToolCallStatus } from "@stratavore/proto";
import { toolPartOf } from "./content.js";

const statuses: Record<string, ToolCallStatus> = {
  pending: ToolCallStatus.PENDING,
  in_progress: ToolCallStatus.IN_PROGRESS,
  completed: ToolCallStatus.COMPLETED,
  failed: ToolCallStatus.FAILED,
};

/** A tool call as the agent described it so far: plain JSON, because it is part of the stored state. */
export type KnownToolCall = Partial<AcpToolCall> & { toolCallId: string };

/** An update names only what changed; null and absent leave a field as it was. */
export function merge(known: KnownToolCall | undefined, update: AcpToolCall | ToolCallUpdate): KnownToolCall {
  const given = Object.fromEntries(Object.entries(update).filter(([, value]) => value != null));
  return { ...known, ...given, toolCallId: update.toolCallId } as KnownToolCall;
}

export const isOver = (call: KnownToolCall) => call.status === "completed" || call.status === "failed";

const asValue = (value: unknown) =>
  value === undefined ? undefined : fromJson(ValueSchema, JSON.parse(JSON.stringify(value)) as JsonValue);

export function toolCallOf(call: KnownToolCall): ToolCall {
  return create(ToolCallSchema, {
    id: call.toolCallId,
    title: call.title ?? "",
    name: call.name ?? "",
    toolKind: call.kind ?? "other",
    status: statuses[call.status ?? "pending"] ?? ToolCallStatus.PENDING,
    input: asValue(call.rawInput),
    output: asValue(call.rawOutput),
    content: (call.content ?? []).map(toolPartOf),
    locations: (call.locations ?? []).map(({ path, line }) => (line == null ? path : `${path}:${line}`)),
  });
}
