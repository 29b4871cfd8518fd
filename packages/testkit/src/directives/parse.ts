import { catalogue, type DirectiveArguments, type DirectiveName } from "./catalogue.js";
import { readDirective } from "./language.js";

export { DirectiveError } from "./language.js";

/** One directive of a prompt. */
export interface Directive<N extends DirectiveName = DirectiveName> {
  readonly name: N;
  readonly args: DirectiveArguments<N>;
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
    if (line.startsWith("!")) {
      const { name, args } = readDirective(catalogue, line.trimEnd(), index + 1);
      directives.push({ name, args: args as DirectiveArguments<DirectiveName> });
    } else rest.push(line);
  }
  return { directives, rest: rest.join("\n").trim() };
}
