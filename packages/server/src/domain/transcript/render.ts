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
      const { path, oldText = "", newText } = kind.value;
      const lines = [
        ...linesOf(oldText).map((line) => `-${line}`),
        ...linesOf(newText).map((line) => `+${line}`),
      ];
      return `${inline(path)}\n\n${fenced(lines.join("\n"), "diff")}`;
    }
    case undefined:
      return "";
    default:
      return fenced(contentOf([part]), "text");
  }
}

const linesOf = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

function fenced(text: string, language: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Code within a line; the spaces keep backticks at its ends apart from those around it. */
function inline(text: string): string {
  const ticks = "`".repeat(longestRun(text) + 1);
  const space = ticks.length > 1 ? " " : "";
  return `${ticks}${space}${text.replace(/\s+/g, " ")}${space}${ticks}`;
}
