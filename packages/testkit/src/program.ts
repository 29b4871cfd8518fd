import { fileURLToPath } from "node:url";
import { parseScript } from "./script/parse.js";
import type { Script } from "./script/script.js";

/** How to start the scripted agent: it speaks ACP over standard input and output and ends when its input ends. */
export const agentProgram: { readonly command: string; readonly args: readonly string[] } = {
  command: process.execPath,
  args: [fileURLToPath(new URL("./agent.js", import.meta.url))],
};

/** Options of {@link agentEnvironment}. */
export interface AgentEnvironmentOptions {
  /** How the agent behaves. Default: the demo agent. */
  script?: Script;
  /** Folder of the stored sessions, made 0700 if missing. Default: `stratavore-testkit-<uid>` in the temp folder. */
  dir?: string;
  /** Milliseconds between the chunks of the demo's answer. Default 40. */
  delayMs?: number;
}

/** The environment variables that carry the options to the agent, to be added to its environment. Throws ScriptError. */
export function agentEnvironment(options: AgentEnvironmentOptions): Record<string, string> {
  const env: Record<string, string> = {};
  if (options.script) env.STRATAVORE_TESTKIT_SCRIPT = JSON.stringify(parseScript(options.script));
  if (options.dir !== undefined) env.STRATAVORE_TESTKIT_DIR = options.dir;
  if (options.delayMs !== undefined) env.STRATAVORE_TESTKIT_DELAY_MS = String(options.delayMs);
  return env;
}
