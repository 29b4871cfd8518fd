import { type Part, ToolCallStatus } from "@stratavore/proto";

const planMarks: Record<string, string> = { completed: "x", in_progress: "~" };

function partContent({ kind }: Part): string {
  switch (kind.case) {
    case "text":
      return kind.value;
    case "thinking":
      return `[thinking] ${kind.value}`;
    case "toolCall": {
      const { title, name, id, status, content } = kind.value;
      const head = `[tool] ${title || name || id}: ${(ToolCallStatus[status] ?? "unspecified").toLowerCase()}`;
      return [head, ...content.map(partContent)].join("\n");
    }
    case "toolResult":
      return `[tool result]${kind.value.isError ? " failed" : ""}\n${kind.value.content.map(partContent).join("\n")}`;
    case "plan":
      return kind.value.entries
        .map(({ content, status }) => `[plan] [${planMarks[status] ?? " "}] ${content}`)
        .join("\n");
    case "fileDiff":
      return `[diff] ${kind.value.path}`;
    case "blob":
      return `[file] ${kind.value.name || kind.value.uri || kind.value.mimeType} (${kind.value.data.length} bytes)`;
    case "other":
      return `[other] ${JSON.stringify(kind.value)}`;
    default:
      return "";
  }
}

/** A message's parts as readable text. */
export const contentOf = (parts: readonly Part[]): string => parts.map(partContent).join("\n\n");
