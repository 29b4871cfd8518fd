import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Part, TranscriptMessage } from "@stratavore/proto";
import { contentOf } from "./content.js";

const timeOf = ({ timestamp }: TranscriptMessage) =>
  timestamp === undefined ? "" : timestampDate(timestamp).toISOString().replace("T", " ").slice(0, 19);

/** A transcript for reading in a terminal. */
export const renderText = (messages: readonly TranscriptMessage[]): string =>
  messages.map((message) => `[${timeOf(message)}] ${message.role}:\n${message.content}\n`).join("\n");

/** A transcript as Markdown: one heading a message, code fenced so that nothing in it can end its fence. */
export const renderMarkdown = (messages: readonly TranscriptMessage[]): string =>
  messages
    .map((message) => {
      const parts = message.parts.length === 0 ? [message.content] : message.parts.map(partMarkdown);
      return `## ${message.role} (${timeOf(message)})\n\n${parts.join("\n\n")}\n`;
    })
    .join("\n");

function partMarkdown(part: Part): string {
  const { kind } = part;
  switch (kind.case) {
    case "text":
      return kind.value;
    case "thinking":
      return kind.value.replace(/^/gm, "> ");
    case "plan":
      return kind.value.entries
        .map(({ content, status }) => `- [${status === "completed" ? "x" : " "}] ${content}`)
        .join("\n");
    case "fileDiff": {
      const removed = (kind.value.oldText ?? "").split("\n").map((line) => `-${line}`);
      const added = kind.value.newText.split("\n").map((line) => `+${line}`);
      const lines = kind.value.oldText === undefined ? added : [...removed, ...added];
      return `\`${kind.value.path}\`\n\n${fenced(lines.join("\n"), "diff")}`;
    }
    default:
      return fenced(contentOf([part]), "text");
  }
}

function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
