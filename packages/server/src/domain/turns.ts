import { create } from "@bufbuild/protobuf";
import {
  EventType,
  type Part,
  RunnerActivity,
  SessionStatus,
  TurnCompletedSchema,
  TurnStartedSchema,
  TurnState,
  type Usage,
  UsageSchema,
} from "@stratavore/proto";
import type { SessionRow, Transaction, TurnRow } from "../store/index.js";
import type { Unbooked } from "./budgets/crossed.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { priced } from "./prices/compute.js";
import { builtInPrices } from "./prices/table.js";
import { contentOf } from "./transcript/content.js";
import { addUsage } from "./usage.js";
import { dayOf } from "./utc-day.js";
import { partsOf, storedParts } from "./views/message.js";
import { turnMessage } from "./views/session.js";
import { storedUsage } from "./views/usage.js";

export const isOver = (state: TurnState) => state >= TurnState.COMPLETED;

/** Accepts a message; it is handed to the agent when the turns before it are over. */
export function queueTurn(
  tx: Transaction,
  session: SessionRow,
  parts: readonly Part[],
  createdBy: string,
): TurnRow {
  tx.sessions.update(session.id, { lastActivity: Date.now() });
  return tx.turns.insert({
    id: newId("turn"),
    sessionId: session.id,
    runnerId: session.runnerId,
    state: TurnState.QUEUED,
    prompt: storedParts(parts),
    createdBy,
  });
}

export const promptOf = (turn: TurnRow): Part[] => partsOf(turn.prompt);

/** Commits a turn as being handed over, before a byte of it is written, and puts its message into the transcript. */
export function turnSending(tx: Transaction, session: SessionRow, turn: TurnRow): TurnRow {
  const parts = promptOf(turn);
  const now = Date.now();
  tx.messages.append({
    sessionId: session.id,
    turnId: turn.id,
    role: "user",
    content: contentOf(parts),
    parts: turn.prompt,
    complete: true,
    completedAt: now,
  });
  const sending = tx.turns.update(turn.id, { state: TurnState.SENDING, startedAt: now })!;
  tx.sessions.update(session.id, { status: SessionStatus.ACTIVE, lastActivity: now });
  const runner = tx.runners.update(session.runnerId, { activity: RunnerActivity.WORKING })!;
  recordEvent(tx, EventType.TURN_STARTED, { runner, session }, TurnStartedSchema, {
    turn: turnMessage(sending),
  });
  return sending;
}

/** The agent has the message, or shows that it does. */
export function turnRunning(tx: Transaction, turn: TurnRow): void {
  if (turn.state === TurnState.SENDING) tx.turns.update(turn.id, { state: TurnState.RUNNING });
}

/** A session that left its runner in the middle of a turn keeps the state it left with, and the runner is another's. */
function settle(tx: Transaction, sessionId: string, now: number): void {
  const session = tx.sessions.byId(sessionId)!;
  const wasActive = session.status === SessionStatus.ACTIVE;
  tx.sessions.update(sessionId, { lastActivity: now, ...(wasActive ? { status: SessionStatus.IDLE } : {}) });
  if (tx.runners.byId(session.runnerId)?.sessionId !== sessionId) return;
  tx.runners.update(session.runnerId, { activity: RunnerActivity.IDLE });
}

export interface TurnEnd {
  state: TurnState;
  stopReason: string;
  error?: string;
  usage?: Usage;
  /** What of its cost was compared with budgets while it ran. */
  told?: Unbooked;
}

/** The turn is over; what it used is added to its session, runner and project. */
export function turnEnded(tx: Transaction, session: SessionRow, turn: TurnRow, end: TurnEnd): TurnRow {
  const now = Date.now();
  const model = tx.sessions.byId(session.id)!.model;
  const usage = end.usage && priced(end.usage, model, dayOf(now), builtInPrices);
  const ended = tx.turns.update(turn.id, {
    state: end.state,
    stopReason: end.stopReason,
    error: end.error ? Buffer.from(end.error) : null,
    usage: usage === undefined ? null : storedUsage(usage),
    endedAt: now,
  })!;
  if (turn.startedAt !== null) settle(tx, session.id, now);
  addUsage(tx, session, usage ?? create(UsageSchema), turn.createdBy, { isTurn: true, told: end.told });
  const runner = tx.runners.byId(session.runnerId);
  recordEvent(tx, EventType.TURN_COMPLETED, { runner, session }, TurnCompletedSchema, {
    turn: turnMessage(ended),
  });
  return ended;
}
