import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Part, PartSchema, type ToolCall, ToolCallSchema, type ToolCallStatus } from "@stratavore/proto";
import { freeJson, recordsIn, textIn } from "../read.js";

type Input = Record<string, unknown>;

const maxTitle = 200;

const kinds: Readonly<Record<string, readonly string[]>> = {
  read: ["Read", "NotebookRead", "LS"],
  edit: ["Edit", "MultiEdit", "Write", "NotebookEdit"],
  search: ["Grep", "Glob", "ToolSearch"],
  execute: ["Bash", "BashOutput", "KillShell", "PowerShell", "Monitor"],
  fetch: ["WebFetch", "WebSearch"],
  think: ["Task", "Agent", "TodoWrite", "EnterPlanMode", "ExitPlanMode"],
};

const kindOf = (tool: string): string =>
  Object.keys(kinds).find((kind) => kinds[kind]!.includes(tool)) ?? "other";

/** What of its input says best what a call does. */
const telling = ["command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description"];

function titleOf(tool: string, input: Input): string {
  const subject = telling.map((name) => textIn(input[name])).find((text) => text !== "") ?? "";
  const name = tool.startsWith("mcp__") ? tool.slice("mcp__".length).replace("__", ": ") : tool;
  const title = tool === "Bash" && subject !== "" ? subject : `${name} ${subject}`.trim();
  return title.length > maxTitle ? `${title.slice(0, maxTitle).toWellFormed()}…` : title;
}

function locationsOf(input: Input): string[] {
  const path = textIn(input.file_path) || textIn(input.notebook_path);
  return path === "" ? [] : [path];
}

const diff = (path: string, newText: string, oldText?: string): Part =>
  create(PartSchema, {
    kind: { case: "fileDiff", value: { path, newText, ...(oldText !== undefined && { oldText }) } },
  });

/** What a call is to change in files. */
function diffsOf(tool: string, input: Input): Part[] {
  const path = textIn(input.file_path);
  if (path === "") return [];
  if (tool === "Write") return [diff(path, textIn(input.content))];
  if (tool === "Edit") return [diff(path, textIn(input.new_string), textIn(input.old_string))];
  if (tool !== "MultiEdit") return [];
  return recordsIn(input.edits).map((edit) => diff(path, textIn(edit.new_string), textIn(edit.old_string)));
}

const asValue = (value: unknown) => fromJson(ValueSchema, freeJson(value) as JsonValue);

/** A call as it is asked for. */
export const toolCallOf = (id: string, tool: string, input: Input, status: ToolCallStatus): ToolCall =>
  create(ToolCallSchema, {
    id,
    name: tool,
    title: titleOf(tool, input),
    toolKind: kindOf(tool),
    status,
    input: asValue(input),
    content: diffsOf(tool, input),
    locations: locationsOf(input),
  });

/** What a call gave back; `edited` is the input that took the place of the one it was asked with. */
export function toolResultOf(
  id: string,
  status: ToolCallStatus,
  content: readonly Part[],
  changed?: { tool: string; input: Input },
): ToolCall {
  const diffs = changed === undefined ? [] : diffsOf(changed.tool, changed.input);
  return create(ToolCallSchema, {
    id,
    status,
    content: diffs.length > 0 ? diffs : [...content],
    ...(changed && { input: asValue(changed.input), title: titleOf(changed.tool, changed.input) }),
  });
}

/** Whether a finished call is told best by what it has changed, and not by what it says of that. */
export const isEdit = (tool: string): boolean => kindOf(tool) === "edit" && tool !== "NotebookEdit";

/** The plan in the input of a `TodoWrite`. */
export const planOf = (input: Input): Part =>
  create(PartSchema, {
    kind: {
      case: "plan",
      value: {
        entries: recordsIn(input.todos).map(({ content, status, priority }) => ({
          content: textIn(content),
          status: textIn(status),
          priority: textIn(priority),
        })),
      },
    },
  });
