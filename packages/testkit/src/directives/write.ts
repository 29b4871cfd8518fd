import type { ArgumentSpec } from "./arguments.js";
import { catalogue, type DirectiveArguments, type DirectiveName } from "./catalogue.js";
import { DirectiveError, parsePrompt } from "./parse.js";

/**
 * Writes a directive as the line that goes into a prompt: `directive("chunks", { count: 3 })` is `!chunks 3`.
 *
 * Throws {@link DirectiveError} when the agent would not read the same arguments from that line: a number out of
 * its bounds, a text with a newline, or an optional argument given after one that is left out.
 */
export function directive<N extends DirectiveName>(name: N, args: DirectiveArguments<N>): string {
  const specs: readonly ArgumentSpec[] = catalogue[name].args;
  const given = args as Record<string, string | number | undefined>;
  const words = specs.map((spec) => given[spec.name]).filter((value) => value !== undefined);
  const line = [`!${name}`, ...words].join(" ");
  const read = parsePrompt(line).directives[0]?.args as Record<string, string | number> | undefined;
  for (const spec of specs) {
    if (read?.[spec.name] !== given[spec.name]) {
      throw new DirectiveError(`!${name} cannot carry this ${spec.name} on its line`, 1);
    }
  }
  return line;
}
