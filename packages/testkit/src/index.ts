export {
  type DirectiveArguments,
  type DirectiveDescription,
  type DirectiveName,
  directiveList,
} from "./directives/catalogue.js";
export { DirectiveError } from "./directives/parse.js";
export { directive } from "./directives/write.js";
export { type AgentEnvironmentOptions, agentEnvironment, agentProgram } from "./program.js";
export { parseScript, ScriptError } from "./script/parse.js";
export type { Fault, Script, ScriptedCapabilities, ScriptedMethod } from "./script/script.js";
