import type { AgentUpdate } from "../adapter.js";
import { countIn, recordIn } from "../read.js";
import type { ClaudeState } from "./state.js";

const classes = {
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cacheReadTokens: "cache_read_input_tokens",
  cacheWriteTokens: "cache_creation_input_tokens",
} as const;

type Class = keyof typeof classes;

/** Tokens of a message that streams, as text because it is part of the stored state. */
export type StreamedUsage = Record<Class, string>;

export const nothingUsed = (): StreamedUsage => ({
  inputTokens: "0",
  outputTokens: "0",
  cacheReadTokens: "0",
  cacheWriteTokens: "0",
});

/** What a message has used beyond what it was known to: its figures are sums, and the last of them names only some. */
export function noteUsed(state: ClaudeState, sessionId: string, usage: unknown): AgentUpdate[] {
  const { message } = state;
  if (message === undefined) return [];
  const figures = recordIn(usage);
  const more = { inputTokens: 0n, outputTokens: 0n, cacheReadTokens: 0n, cacheWriteTokens: 0n };
  for (const name of Object.keys(classes) as Class[]) {
    const before = BigInt(message.used[name]);
    const now = countIn(figures[classes[name]]);
    if (now <= before) continue;
    more[name] = now - before;
    message.used[name] = String(now);
  }
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = message.used;
  state.context =
    Number(inputTokens) + Number(outputTokens) + Number(cacheReadTokens) + Number(cacheWriteTokens);
  if (Object.values(more).every((count) => count === 0n)) return [];
  return [{ kind: "used", sessionId, usage: { ...more, reasoningTokens: 0n } }];
}
