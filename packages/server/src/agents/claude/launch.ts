/** How a process of Claude Code is started: each process is one conversation. */
export interface ClaudeLaunch {
  /** Claude Code's own id of the conversation, a UUID. */
  agentSessionId: string;
  /** The model's name as Claude Code takes it; empty: its default. */
  model: string;
  /** The conversation that it continues; under another `agentSessionId`, as a copy. */
  resumes?: string;
}

/** What would take the conversation, or the protocol that we speak with it, out of our hands. */
const ours = new Set([
  "--",
  "--resume",
  "-r",
  "--continue",
  "-c",
  "--session-id",
  "--fork-session",
  "--from-pr",
  "--teleport",
  "--cloud",
  "--bg",
  "--background",
  "--input-format",
  "--output-format",
  "--permission-prompt-tool",
  "--permission-prompts",
  "--no-session-persistence",
]);

/** The first argument that must not be given to Claude Code beside ours; undefined if all may be. */
export const refusedArgument = (args: readonly string[]): string | undefined =>
  args.find((arg) => ours.has(arg.split("=", 1)[0]!));

const setsMode = (arg: string) =>
  /^--(permission-mode(=.*)?|(allow-)?dangerously-skip-permissions)$/.test(arg);

/**
 * The arguments that follow the program's name and what its user has added. Unless that names a permission mode, it is the
 * one that asks. Each value is part of its option's own argument, so that none can be taken for an option.
 */
export function claudeArguments(launch: ClaudeLaunch, added: readonly string[]): string[] {
  const { agentSessionId, model } = launch;
  return [
    "-p",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose",
    "--include-partial-messages",
    "--permission-prompt-tool=stdio",
    ...(added.some(setsMode) ? [] : ["--permission-mode=default"]),
    ...(model === "" ? [] : [`--model=${model}`]),
    ...conversation(launch),
    ...(launch.resumes === agentSessionId ? [] : [`--session-id=${agentSessionId}`]),
  ];
}

function conversation({ agentSessionId, resumes }: ClaudeLaunch): string[] {
  if (resumes === undefined) return [];
  return [`--resume=${resumes}`, ...(resumes === agentSessionId ? [] : ["--fork-session"])];
}

/** Limits the tokens of one answer; 0: Claude Code's default. */
export const claudeEnvironment = (maxTokens: number): Record<string, string> =>
  maxTokens === 0 ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(maxTokens) };
