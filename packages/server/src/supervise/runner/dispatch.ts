import { RunnerStatus } from "@stratavore/proto";
import type { AgentUpdate } from "../../agents/index.js";
import { promptOf, turnSending } from "../../domain/turns.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "./memory.js";

/** A turn to be handed over; never written again in silence, unlike the lines of the outbox. */
export interface Prompt {
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

/** Hands over the next turn of a session if nothing holds it back. */
export function dispatchTurn(tx: Transaction, session: SessionRow, memory: RunnerMemory): Prompt[] {
  const runner = tx.runners.byId(session.runnerId);
  if (runner?.status !== RunnerStatus.RUNNING || runner.sessionId !== session.id) return [];
  if (tx.turns.running(session.id) !== undefined) return [];
  const turn = tx.turns.nextQueued(session.id);
  if (turn === undefined) return [];
  memory.writer(tx, session.id).complete(tx);
  turnSending(tx, session, turn);
  const { send, updates } = memory.adapter.prompt({
    sessionId: session.id,
    turnId: turn.id,
    parts: promptOf(turn),
  });
  return [{ turnId: turn.id, lines: send, updates }];
}
