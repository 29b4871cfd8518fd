import { usageOf, writeDirective } from "../../directives/language.js";
import { type ModelDirectiveArguments, type ModelDirectiveName, modelCatalogue } from "./catalogue.js";

/**
 * Writes a directive of the model API as the line that goes into a prompt:
 * `modelDirective("tool", { name: "Bash", json: '{"command":"ls"}' })` is `!tool Bash {"command":"ls"}`.
 *
 * Throws {@link DirectiveError} when the same arguments would not be read from that line.
 */
export function modelDirective<N extends ModelDirectiveName>(
  name: N,
  args: ModelDirectiveArguments<N>,
): string {
  return writeDirective(modelCatalogue, name, args);
}

/** Every directive of the model API with its usage and description, in documentation order. */
export const modelDirectiveList = Object.entries(modelCatalogue).map(([name, { description }]) => ({
  name: name as ModelDirectiveName,
  usage: usageOf(modelCatalogue, name),
  description,
}));
