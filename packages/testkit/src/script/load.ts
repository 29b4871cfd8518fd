import { readFileSync } from "node:fs";
import { parseScript, ScriptError } from "./parse.js";
import type { Script } from "./script.js";

/**
 * Reads the script that `STRATAVORE_TESTKIT_SCRIPT` gives: the path of a JSON file, or the JSON itself when it
 * starts with `{`. Unset or empty is the demo agent. Throws {@link ScriptError}.
 */
export function loadScript(source: string | undefined): Script {
  if (!source) return {};
  try {
    return parseScript(JSON.parse(source.startsWith("{") ? source : readFileSync(source, "utf8")));
  } catch (error) {
    if (error instanceof ScriptError) throw error;
    throw new ScriptError(`the script cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
