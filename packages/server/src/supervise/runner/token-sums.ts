import type { TurnUsage } from "../../agents/adapter.js";
import { reportedBy } from "../../domain/usage.js";
import { storedUsage } from "../../domain/views/usage.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";

const classes = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
] as const;

/**
 * What a turn's tokens are, from what the agent tells at its end: where that is a sum over the session, what is new since
 * the last one, on whichever runner that was. A sum of which any class fell has begun anew.
 */
export function tokensOfTurn(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  told: TurnUsage | undefined,
): TurnUsage | undefined {
  if (told === undefined || memory.stored.tokens !== "session") return told;
  const reported = reportedBy(tx, session);
  const begunAnew = classes.some((name) => told[name] < reported[name]);
  const turn = { ...told };
  for (const name of classes) {
    if (!begunAnew) turn[name] -= reported[name];
    reported[name] = told[name];
  }
  tx.sessions.update(session.id, { reportedUsage: storedUsage(reported) });
  return turn;
}
