import type { Usage } from "@agentclientprotocol/sdk/unstable";

/** What one turn used. */
export interface TurnUsage {
  inputTokens: number;
  outputTokens: number;
  cachedReadTokens: number;
  cachedWriteTokens: number;
  thoughtTokens: number;
  /** In 10^-9 US dollars. */
  costNanos: number;
}

/** The context window that the agent claims, in tokens. */
export const contextSize = 200_000;

/** An estimate, as there is no model: four characters a token. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

/** The usage of the turn as the prompt's answer carries it. */
export function toUsage(usage: TurnUsage): Usage {
  const { costNanos: _, ...tokens } = usage;
  return { totalTokens: Object.values(tokens).reduce((sum, each) => sum + each, 0), ...tokens };
}
