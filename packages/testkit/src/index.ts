export {
  type DirectiveArguments,
  type DirectiveDescription,
  type DirectiveName,
  directiveList,
} from "./directives/catalogue.js";
export { DirectiveError } from "./directives/parse.js";
export { directive } from "./directives/write.js";
export type {
  Answer,
  AnswerPart,
  Failure,
  StopReason,
  TokenUsage,
} from "./model-api/answer/answer.js";
export type { ModelDirectiveArguments, ModelDirectiveName } from "./model-api/answer/catalogue.js";
export type { Reply } from "./model-api/answer/choose.js";
export { modelDirective, modelDirectiveList } from "./model-api/answer/write.js";
export type { Ledger, LedgerOptions, LogEntry, Outcome, Totals } from "./model-api/ledger.js";
export type { ModelApiName, ModelMessage, ModelRequest } from "./model-api/request.js";
export { type ModelApi, type ModelApiOptions, startModelApi } from "./model-api/server.js";
export { type AgentEnvironmentOptions, agentEnvironment, agentProgram } from "./program.js";
export { parseScript, ScriptError } from "./script/parse.js";
export type { Fault, Script, ScriptedCapabilities, ScriptedMethod } from "./script/script.js";
