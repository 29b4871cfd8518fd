import { readDirective } from "../../directives/language.js";
import type { ModelMessage } from "../request.js";
import { type ModelDirective, modelCatalogue } from "./catalogue.js";

/** The last thing that the user said in a conversation, and what came of it. */
export interface Prompt {
  /** Its lines that start with `!`, in their order. */
  readonly directives: readonly ModelDirective[];
  /** Its other lines. */
  readonly rest: string;
  /** How many results of tool calls came after it. */
  readonly toolResults: number;
  /** All that the user said in the conversation, the last prompt included. */
  readonly said: readonly string[];
}

// What agents put between the user's own words: never a script.
const inserted = /<(system-reminder|environment_context|user_instructions)>[\s\S]*?<\/\1>/g;

// What Claude Code writes between the results of an interrupted turn and what the user said next, in one message.
const interruption = /^\[Request interrupted by user[^\]]*\]/;

// What Claude Code says by itself after an error in the middle of a stream.
const continuation = /^Your response above was cut off mid-stream\b/;

// Not an image or a comparison, which prompts and what agents add to them hold.
const directiveLine = /^![a-z]/;

/**
 * Finds the user's last prompt. What an agent adds to a conversation by itself is left out. Throws
 * {@link DirectiveError} for a line that is no directive, or a wrong one.
 */
export function findPrompt(messages: readonly ModelMessage[]): Prompt {
  const texts = messages.map((message) => (message.role === "user" ? promptIn(message) : ""));
  const last = texts.findLastIndex((text) => text !== "");
  const toolResults = messages.slice(last + 1).reduce((sum, message) => sum + message.toolResults, 0);
  return { ...readPrompt(texts[last] ?? ""), toolResults, said: texts.filter((text) => text !== "") };
}

/** What the user said in a message; empty if it only brings results of tool calls. */
function promptIn({ text, toolResults }: ModelMessage): string {
  const said = text.replaceAll(inserted, "").trim();
  if (continuation.test(said)) return "";
  const prompt = said.replace(interruption, "").trim();
  const isPrompt = toolResults === 0 || prompt !== said || said.split("\n").some(isDirective);
  return isPrompt ? prompt : "";
}

function readPrompt(text: string): { directives: ModelDirective[]; rest: string } {
  const directives: ModelDirective[] = [];
  const rest: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (isDirective(line)) directives.push(readDirective(modelCatalogue, line.trimEnd(), index + 1));
    else rest.push(line);
  }
  return { directives, rest: rest.join("\n").trim() };
}

function isDirective(line: string): boolean {
  return directiveLine.test(line);
}
