import type { Transaction } from "../../store/index.js";

const readSize = 64;

/** Begins a fork's transcript with the original's: every message that is complete, with its time and what it used. */
export function copyTranscript(tx: Transaction, fromSessionId: string, toSessionId: string): void {
  for (let from = 1n; ; ) {
    const rows = tx.messages.page(fromSessionId, from, readSize);
    for (const row of rows) {
      if (!row.complete) continue;
      const { role, content, parts, usage, metadata, createdAt, completedAt } = row;
      const message = { role, content, parts, usage, metadata, createdAt, completedAt, complete: true };
      tx.messages.append({ ...message, sessionId: toSessionId });
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    from = last.ordinal + 1n;
  }
}
