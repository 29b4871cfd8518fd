import type { SessionUpdate } from "@agentclientprotocol/sdk";

/** A session as it is stored: one JSON file. */
export interface SessionRecord {
  version: 1;
  sessionId: string;
  /** Absolute. */
  cwd: string;
  title: string | null;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** ISO 8601, UTC. */
  updatedAt: string;
  mode: string;
  model: string;
  /** Turns begun. */
  turns: number;
  /** Tokens in the context after the last turn. */
  contextTokens: number;
  /** Cumulative, in 10^-9 US dollars: whole numbers add up exactly. */
  costNanos: number;
  /** What `session/load` replays, in order. */
  history: SessionUpdate[];
}

const chunks = ["user_message_chunk", "agent_message_chunk", "agent_thought_chunk"];

/** Appends to the history; chunks of one message become one, as agents replay whole messages. */
export function remember(record: SessionRecord, update: SessionUpdate): void {
  const last = record.history.at(-1);
  if (
    last &&
    chunks.includes(update.sessionUpdate) &&
    last.sessionUpdate === update.sessionUpdate &&
    "messageId" in last &&
    "messageId" in update &&
    last.messageId === update.messageId &&
    "content" in last &&
    "content" in update &&
    isText(last.content) &&
    isText(update.content)
  ) {
    last.content.text += update.content.text;
  } else {
    record.history.push(structuredClone(update));
  }
}

function isText(content: unknown): content is { type: "text"; text: string } {
  return (content as { type?: unknown } | null)?.type === "text";
}
