import type { AgentUpdate } from "../../agents/index.js";

/** Joins words that follow each other, so that a burst of small chunks is stored as one. */
export function merged(updates: readonly AgentUpdate[]): AgentUpdate[] {
  const result: AgentUpdate[] = [];
  for (const update of updates) {
    const last = result.at(-1);
    const joins =
      last !== undefined &&
      (update.kind === "text" || update.kind === "thinking") &&
      last.kind === update.kind &&
      last.sessionId === update.sessionId &&
      last.boundary === update.boundary;
    if (joins) result[result.length - 1] = { ...last, text: last.text + update.text };
    else result.push(update);
  }
  return result;
}
