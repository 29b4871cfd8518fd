import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { budgetExhausted } from "../../domain/budgets/refusal.js";
import { pauseForQuota } from "../../domain/quota-pause.js";
import { actionFor } from "../../domain/quota-policy.js";
import { tokenBreach, tokensExhausted } from "../../domain/token-quota.js";
import { promptOf, turnEnded, turnSending } from "../../domain/turns.js";
import type { SessionRow, Transaction, TurnRow } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";

/** A turn to be handed over; never written again in silence, unlike the lines of the outbox. */
export interface Prompt {
  sessionId: string;
  turnId: string;
  lines: string[];
  /** What being handed over leads to. */
  updates: AgentUpdate[];
}

export interface Outgoing {
  /** Lines to write after the commit; they are in the outbox until then. */
  lines: string[];
  prompts: Prompt[];
}

export const nothing = (): Outgoing => ({ lines: [], prompts: [] });

/**
 * Hands over the next turn of a session if nothing holds it back. Turns that a budget has no room for fail; those that the
 * quota has none for fail too, or wait on a runner that is PAUSED for it.
 */
export function dispatchTurn(tx: Transaction, session: SessionRow, memory: RunnerMemory): Prompt[] {
  const runner = tx.runners.byId(session.runnerId);
  if (runner?.status !== RunnerStatus.RUNNING || runner.sessionId !== session.id) return [];
  if (tx.turns.running(session.id) !== undefined) return [];
  const project = tx.projects.byUid(session.projectUid);
  const at = Date.now();
  const exhausted = project && tokensExhausted(tx, project, at, runner);
  const spent = project && budgetExhausted(tx, project, at, runner);
  for (;;) {
    const turn = nextTurn(tx, session, memory);
    if (turn === undefined) return [];
    if (spent !== undefined) {
      const end = { state: TurnState.FAILED, stopReason: "budget_exceeded", error: spent.message };
      turnEnded(tx, session, turn, end);
      continue;
    }
    if (project === undefined || exhausted === undefined) return [handOver(tx, session, turn, memory)];
    if (actionFor(project, "max_tokens_per_day") === QuotaAction.PAUSE) {
      pauseForQuota(tx, runner, tokenBreach(tx, project, at, runner)!, { frozen: false });
      return [];
    }
    turnEnded(tx, session, turn, {
      state: TurnState.FAILED,
      stopReason: "quota_exceeded",
      error: exhausted.message,
    });
  }
}

/** A turn that steers goes before those queued earlier; the latest of them first. */
export function steer(memory: RunnerMemory, turnId: string): void {
  memory.stored.steered = [turnId, ...(memory.stored.steered ?? [])];
}

function nextTurn(tx: Transaction, session: SessionRow, { stored }: RunnerMemory): TurnRow | undefined {
  const waiting = (stored.steered ?? []).flatMap((id) => {
    const turn = tx.turns.byId(id);
    return turn?.state === TurnState.QUEUED ? [turn] : [];
  });
  if (stored.steered !== undefined) stored.steered = waiting.map(({ id }) => id);
  return waiting.find(({ sessionId }) => sessionId === session.id) ?? tx.turns.nextQueued(session.id);
}

function handOver(tx: Transaction, session: SessionRow, turn: TurnRow, memory: RunnerMemory): Prompt {
  memory.writer(tx, session.id).complete(tx);
  turnSending(tx, session, turn);
  const { send, updates } = memory.adapter.prompt({
    sessionId: session.id,
    turnId: turn.id,
    parts: promptOf(turn),
  });
  return { sessionId: session.id, turnId: turn.id, lines: send, updates };
}

/** A turn that its agent did not take ends, and the next one has its try. */
export function turnUndelivered(
  tx: Transaction,
  { sessionId, turnId }: Prompt,
  memory: RunnerMemory,
  why: string,
): Prompt[] {
  memory.adapter.dropPrompt(turnId);
  const turn = tx.turns.byId(turnId);
  const session = tx.sessions.byId(sessionId);
  if (session === undefined || turn?.state !== TurnState.SENDING) return [];
  turnEnded(tx, session, turn, {
    state: TurnState.FAILED,
    stopReason: "undelivered",
    error: `the message could not be handed to the agent: ${why}`,
  });
  return dispatchTurn(tx, tx.sessions.byId(sessionId)!, memory);
}
