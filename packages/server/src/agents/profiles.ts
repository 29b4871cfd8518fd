/** How to start a program and speak to it. */
export interface AgentProfile {
  /** What runners are created with: letters, digits, dot, dash, underscore. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly protocol: "acp" | "claude" | "exec";
  /** Program and arguments; empty for `exec`, whose runners bring their own. */
  readonly command: readonly string[];
  /** Environment variables that it is given besides those that every agent gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Names of variables that it inherits from the daemon's environment; a trailing `*` takes all that begin so. */
  readonly inherit?: readonly string[];
  /** How to get the program, for people. */
  readonly install?: string;
  /**
   * What the token figures at a turn's end are of: the `turn`, or sums over the `session`, of which what is new is counted.
   * Figures alone do not tell, and a draft of the Agent Client Protocol can be read either way. Default: `turn`.
   */
  readonly tokens?: "turn" | "session";
}

/** Profiles of agents that people use; more come from the configuration. */
export const builtInProfiles: readonly AgentProfile[] = [
  {
    name: "claude",
    title: "Claude Code",
    protocol: "claude",
    command: ["claude"],
    inherit: ["ANTHROPIC_*", "CLAUDE_*"],
    install: "npm install -g @anthropic-ai/claude-code",
  },
  {
    name: "claude-acp",
    title: "Claude Code over the Agent Client Protocol",
    protocol: "acp",
    command: ["claude-agent-acp"],
    inherit: ["ANTHROPIC_*", "CLAUDE_*"],
    install: "npm install -g @agentclientprotocol/claude-agent-acp",
  },
  {
    name: "codex",
    title: "Codex",
    protocol: "acp",
    command: ["codex-acp"],
    inherit: ["OPENAI_*", "CODEX_*"],
    install: "npm install -g @agentclientprotocol/codex-acp",
  },
  {
    name: "gemini",
    title: "Gemini CLI",
    protocol: "acp",
    command: ["gemini", "--acp"],
    inherit: ["GEMINI_*", "GOOGLE_*"],
    install: "npm install -g @google/gemini-cli",
  },
  {
    name: "opencode",
    title: "opencode",
    protocol: "acp",
    command: ["opencode", "acp"],
    inherit: ["ANTHROPIC_*", "OPENAI_*", "OPENCODE_*", "OPENROUTER_*"],
    install: "npm install -g opencode-ai",
  },
  {
    name: "goose",
    title: "goose",
    protocol: "acp",
    command: ["goose", "acp"],
    inherit: ["ANTHROPIC_*", "OPENAI_*", "GOOSE_*"],
    install: "see the goose project's installation page",
  },
  { name: "exec", title: "Any command", protocol: "exec", command: [] },
];
