import type { ArgumentsOf, DirectiveOf, DirectiveSpec } from "../../directives/language.js";

const milliseconds = { kind: "integer", max: 2_147_483_647 } as const;
const times = { name: "times", kind: "integer", min: 1, optional: true } as const;

/** Every directive of the model API, in the order in which the documentation shows them. */
export const modelCatalogue = {
  say: { description: "Says the text.", args: [{ name: "text", kind: "text" }] },
  echo: { description: "Says the prompt's other lines.", args: [] },
  chunks: {
    description: "Says `chunk 1` to `chunk N`, a line each, so that a lost or repeated one shows.",
    args: [{ name: "count", kind: "integer" }],
  },
  think: {
    description: "Thinks the given text, or a stock one.",
    args: [{ name: "text", kind: "text", optional: true }],
  },
  request: {
    description: "Says, as one line of JSON, what was asked: api, model, messages and tools.",
    args: [],
  },
  tool: {
    description:
      "Calls a tool of the agent with this JSON as its input (`{}`) and ends the answer; consecutive lines are one answer with several calls. What follows answers the results.",
    args: [
      { name: "name", kind: "word" },
      { name: "json", kind: "text", optional: true },
    ],
  },
  usage: {
    description: "Reports these tokens for this answer in place of the estimate.",
    args: [
      { name: "input", kind: "integer" },
      { name: "output", kind: "integer" },
      { name: "cacheRead", kind: "integer", optional: true },
      { name: "cacheWrite", kind: "integer", optional: true },
      { name: "reasoning", kind: "integer", optional: true },
    ],
  },
  slow: {
    description: "Streams each text of this answer in so many pieces (10), with a pause before each.",
    args: [
      { ...milliseconds, name: "pauseMs" },
      { name: "pieces", kind: "integer", min: 1, optional: true },
    ],
  },
  sleep: {
    description: "Waits before this answer begins.",
    args: [{ ...milliseconds, name: "ms" }],
  },
  header: {
    description: "Adds a header to this answer.",
    args: [
      { name: "name", kind: "word" },
      { name: "value", kind: "text" },
    ],
  },
  stop: {
    description: "Ends the turn here with this stop reason.",
    args: [{ name: "reason", kind: "word", choices: ["end_turn", "max_tokens", "refusal"] }],
  },
  error: {
    description:
      "Answers with this HTTP status, or with an error in the stream if something was said before. After so many times (always) the request is answered by what follows.",
    args: [
      { name: "status", kind: "integer", min: 400, max: 599 },
      { name: "retryAfterSeconds", kind: "integer", optional: true },
      times,
    ],
  },
  drop: {
    description: "Breaks the connection after what was said, or before any response, so many times (always).",
    args: [times],
  },
  hang: {
    description: "Sends nothing more after what was said, so many times (always); the connection stays open.",
    args: [times],
  },
} as const satisfies Record<string, DirectiveSpec>;

type ModelCatalogue = typeof modelCatalogue;

/** The name of a directive of the model API, without its `!`. */
export type ModelDirectiveName = keyof ModelCatalogue;

/** The arguments that a directive of the model API takes. */
export type ModelDirectiveArguments<N extends ModelDirectiveName> = ArgumentsOf<ModelCatalogue, N>;

/** A directive of the model API, as a prompt holds it. */
export type ModelDirective = DirectiveOf<ModelCatalogue>;
