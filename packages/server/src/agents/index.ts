export { createAcpAdapter } from "./acp/adapter.js";
export type {
  AgentAdapter,
  AgentLine,
  AgentUpdate,
  ApprovalAnswer,
  McpServerSpec,
  OpenSession,
  Received,
  TurnUsage,
} from "./adapter.js";
export { createClaudeAdapter } from "./claude/adapter.js";
export { type ClaudeLaunch, claudeArguments, claudeEnvironment, refusedArgument } from "./claude/launch.js";
export { currentModel } from "./claude/models.js";
export { demoProfile } from "./demo.js";
export { createExecAdapter } from "./exec/adapter.js";
export { type AgentProfile, builtInProfiles } from "./profiles.js";
