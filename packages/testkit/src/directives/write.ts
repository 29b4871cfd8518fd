import { catalogue, type DirectiveArguments, type DirectiveName } from "./catalogue.js";
import { writeDirective } from "./language.js";

/**
 * Writes a directive as the line that goes into a prompt: `directive("chunks", { count: 3 })` is `!chunks 3`.
 *
 * Throws {@link DirectiveError} when the agent would not read the same arguments from that line: a number out of
 * its bounds, a text with a newline, or an optional argument given after one that is left out.
 */
export function directive<N extends DirectiveName>(name: N, args: DirectiveArguments<N>): string {
  return writeDirective(catalogue, name, args);
}
