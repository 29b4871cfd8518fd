import { create } from "@bufbuild/protobuf";
import { type Part, type ToolCall, ToolCallSchema, ToolCallStatus } from "@stratavore/proto";

/** A tool call after an update, which leaves out what did not change. */
export function updatedCall(known: ToolCall | undefined, update: ToolCall): ToolCall {
  return create(ToolCallSchema, {
    id: update.id,
    title: update.title || known?.title || "",
    name: update.name || known?.name || "",
    toolKind: update.toolKind || known?.toolKind || "other",
    status: update.status || known?.status || ToolCallStatus.PENDING,
    input: update.input ?? known?.input,
    output: update.output ?? known?.output,
    content: update.content.length > 0 ? update.content : (known?.content ?? []),
    locations: update.locations.length > 0 ? update.locations : (known?.locations ?? []),
  });
}

export const isOpenCall = ({ kind }: Part): boolean =>
  kind.case === "toolCall" &&
  kind.value.status !== ToolCallStatus.COMPLETED &&
  kind.value.status !== ToolCallStatus.FAILED;

/** New words after tool calls that are all over begin a new message, as they do for the model. */
export const toolsAreOver = (parts: readonly Part[]): boolean =>
  parts.at(-1)?.kind.case === "toolCall" && !parts.some(isOpenCall);
