import type { ArgumentValues } from "./arguments.js";
import { type DirectiveSpec, usageOf } from "./language.js";

const milliseconds = { kind: "integer", max: 2_147_483_647 } as const;
const exitCode = { name: "code", kind: "integer", max: 255, optional: true } as const;

/** Every directive, in the order in which the documentation shows them. */
export const catalogue = {
  say: { description: "Says the text, as one chunk.", args: [{ name: "text", kind: "text" }] },
  echo: { description: "Sends the prompt back: its other lines and its other content blocks.", args: [] },
  chunks: {
    description: "Streams `chunk 1` to `chunk N`, a line each, so that a lost or repeated one shows.",
    args: [
      { name: "count", kind: "integer" },
      { ...milliseconds, name: "delayMs", optional: true },
    ],
  },
  think: {
    description: "Streams a thought, the given one or a stock one.",
    args: [{ name: "text", kind: "text", optional: true }],
  },
  plan: { description: "Announces a plan of three entries and completes them one by one.", args: [] },
  image: { description: "Sends a PNG image of one pixel.", args: [] },
  tool: {
    description: "Runs a read-only tool call that really lists the working directory; `fail` makes it fail.",
    args: [{ name: "outcome", kind: "word", choices: ["fail"], optional: true }],
  },
  diff: {
    description: "Reports an edit of a file as a diff. Nothing is written.",
    args: [{ name: "path", kind: "text", optional: true }],
  },
  permission: {
    description: "Asks permission for a pretended command, then says what was chosen.",
    args: [{ name: "title", kind: "text", optional: true }],
  },
  usage: {
    description: "Reports these tokens, and this cost in US dollars, for the turn in place of the estimate.",
    args: [
      { name: "input", kind: "integer" },
      { name: "output", kind: "integer" },
      { name: "cacheRead", kind: "integer", optional: true },
      { name: "cacheWrite", kind: "integer", optional: true },
      { name: "thought", kind: "integer", optional: true },
      { name: "costUsd", kind: "number", max: 1_000_000, optional: true },
    ],
  },
  update: {
    description: "Sends any JSON as the `update` of a `session/update`, unchecked.",
    args: [{ name: "json", kind: "text" }],
  },
  session: {
    description: "Says, as one line of JSON, the pid and what the session was opened with.",
    args: [],
  },
  env: {
    description: "Says the value of an environment variable; without a name, the names of all.",
    args: [{ name: "variable", kind: "word", optional: true }],
  },
  sleep: { description: "Waits; a cancel ends it.", args: [{ ...milliseconds, name: "ms" }] },
  wait: {
    description: "Waits until the file exists; a cancel ends it.",
    args: [{ name: "file", kind: "text" }],
  },
  stop: {
    description: "Ends the turn here with this stop reason.",
    args: [
      { name: "reason", kind: "word", choices: ["end_turn", "max_tokens", "max_turn_requests", "refusal"] },
    ],
  },
  error: {
    description: "Answers the prompt with a JSON-RPC error.",
    args: [
      { name: "code", kind: "integer", min: -2_147_483_648, max: 2_147_483_647 },
      { name: "message", kind: "text" },
    ],
  },
  hang: { description: "Never answers the prompt, unless it is cancelled.", args: [] },
  block: {
    description: "Stops the whole process from here on: it reads nothing and answers nothing.",
    args: [],
  },
  "ignore-cancel": { description: "Ignores `session/cancel` for the rest of the turn.", args: [] },
  "ignore-sigterm": { description: "Ignores SIGTERM for the rest of the process's life.", args: [] },
  "ignore-eof": { description: "Stays alive when its input ends.", args: [] },
  crash: { description: "Exits at once, without an answer; code 1 unless given.", args: [exitCode] },
  kill: {
    description: "Ends itself by a signal; SIGKILL unless given.",
    args: [
      {
        name: "signal",
        kind: "word",
        choices: ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGSEGV", "SIGABRT"],
        optional: true,
      },
    ],
  },
  torn: {
    description: "Writes half a message without its newline, then exits with code 1.",
    args: [],
  },
  "exit-after-result": {
    description: "Answers the prompt, then exits at once; code 0 unless given.",
    args: [exitCode],
  },
  "double-fork": {
    description:
      "Leaves an orphan in a session of its own and says its pid; it ends by itself after the seconds (600). `clean` empties its environment.",
    args: [
      { name: "seconds", kind: "integer", max: 86_400, optional: true },
      { name: "environment", kind: "word", choices: ["clean"], optional: true },
    ],
  },
  allocate: {
    description:
      "Holds this many MiB of memory, in a child process, in place of what it held before; 0 gives it back.",
    args: [{ name: "mib", kind: "integer", max: 16_384 }],
  },
  spin: {
    description: "Keeps one CPU core busy; a cancel ends it.",
    args: [{ ...milliseconds, name: "ms" }],
  },
  flood: {
    description: "Streams at least this many bytes of text as fast as they are read.",
    args: [{ name: "bytes", kind: "integer" }],
  },
  line: {
    description: "Sends one message with this many bytes of text on a single line.",
    args: [{ name: "bytes", kind: "integer", max: 268_435_456 }],
  },
  garbage: {
    description: "Writes a line on standard output as it is; one that is not JSON unless given.",
    args: [{ name: "text", kind: "text", optional: true }],
  },
  "invalid-utf8": { description: "Sends a message whose text holds bytes that are not UTF-8.", args: [] },
  stderr: {
    description: "Writes a line on standard error.",
    args: [{ name: "text", kind: "text" }],
  },
} as const satisfies Record<string, DirectiveSpec>;

/** The name of a directive, without its `!`. */
export type DirectiveName = keyof typeof catalogue;

/** The arguments that a directive takes. */
export type DirectiveArguments<N extends DirectiveName> = ArgumentValues<(typeof catalogue)[N]["args"]>;

/** A directive as the documentation shows it. */
export interface DirectiveDescription {
  readonly name: DirectiveName;
  /** How it is written; what stands in brackets may be left out: `!chunks count [delayMs]`. */
  readonly usage: string;
  readonly description: string;
}

/** Whether the word names a directive. */
function isDirectiveName(name: string): name is DirectiveName {
  return Object.hasOwn(catalogue, name);
}

/** Every directive with its usage and description, in documentation order. */
export const directiveList: readonly DirectiveDescription[] = Object.keys(catalogue)
  .filter(isDirectiveName)
  .map((name) => ({ name, usage: usageOf(catalogue, name), description: catalogue[name].description }));
