import { ArgumentError, readArguments } from "./arguments.js";
import {
  catalogue,
  type DirectiveArguments,
  type DirectiveName,
  isDirectiveName,
  usageOf,
} from "./catalogue.js";

/** One directive of a prompt. */
export interface Directive<N extends DirectiveName = DirectiveName> {
  readonly name: N;
  readonly args: DirectiveArguments<N>;
}

/** A line starts with `!` and is no directive, or its arguments are wrong. */
export class DirectiveError extends Error {
  override readonly name = "DirectiveError";
  constructor(
    message: string,
    /** Counted from 1. */
    readonly line: number,
    options?: ErrorOptions,
  ) {
    super(`line ${line}: ${message}`, options);
  }
}

/** A prompt, taken apart. */
export interface ParsedPrompt {
  /** In the order of the text; empty when the prompt has none. */
  readonly directives: readonly Directive[];
  /** The lines that are no directives, joined again. */
  readonly rest: string;
}

/** Takes a prompt apart, line by line. Throws {@link DirectiveError} before anything has run. */
export function parsePrompt(text: string): ParsedPrompt {
  const directives: Directive[] = [];
  const rest: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("!")) directives.push(parseDirective(line.trimEnd(), index + 1));
    else rest.push(line);
  }
  return { directives, rest: rest.join("\n").trim() };
}

function parseDirective(line: string, number: number): Directive {
  const name = /^!(\S*)/.exec(line)?.[1] ?? "";
  if (!isDirectiveName(name)) {
    const known = Object.keys(catalogue).map((each) => `!${each}`);
    throw new DirectiveError(`unknown directive !${name}; known are ${known.join(" ")}`, number);
  }
  try {
    const args = readArguments(catalogue[name].args, line.slice(name.length + 1).trimStart());
    return { name, args: args as DirectiveArguments<DirectiveName> };
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const message = `!${name} ${error.message}; usage: ${usageOf(name)}`;
    throw new DirectiveError(message, number, { cause: error });
  }
}
