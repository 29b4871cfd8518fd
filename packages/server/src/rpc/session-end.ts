import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CancelTurnRequest,
  CancelTurnRequestSchema,
  type CancelTurnResponse,
  CancelTurnResponseSchema,
  type EndSessionRequest,
  EndSessionRequestSchema,
  type EndSessionResponse,
  EndSessionResponseSchema,
  SessionStatus,
  TurnState,
} from "@stratavore/proto";
import { failedPrecondition, invalidField, notFound } from "../domain/errors.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { leaveRunner, sessionById, sessionLeft } from "../domain/sessions.js";
import { turnEnded } from "../domain/turns.js";
import { sessionMessage, turnMessage } from "../domain/views/session.js";
import type { Reads, SessionRow, Transaction, TurnRow } from "../store/index.js";
import { unbookedOf } from "../supervise/runner/budget-stop.js";
import type { RunnerController } from "../supervise/runner/controller.js";
import { bookTurn } from "../supervise/runner/costs.js";
import { nothing } from "../supervise/runner/dispatch.js";
import { cancelTurn as cancelRunning, withdrawQuestions } from "../supervise/runner/leave.js";
import type { RunnerMemory } from "../supervise/runner/memory.js";
import { waitFor } from "../supervise/wait-for.js";
import { scopeOf } from "./caller.js";
import type { Services } from "./services.js";

/** How long a turn may take to end after its cancel, before its session ends without it. */
const cancelMs = 5_000;

/** Asks the agent to stop a turn; one that waits ends at once, and one that has ended stays as it is. */
export async function cancelTurn(
  { store, supervisor }: Services,
  request: CancelTurnRequest,
  context: HandlerContext,
): Promise<CancelTurnResponse> {
  const repeat = repeatable(scopeOf(context), CancelTurnRequestSchema, request);
  const before = answeredBefore(store.read, repeat, CancelTurnResponseSchema);
  if (before !== undefined) return before;
  const session = sessionById(store.read, request.sessionId);
  const turn = meantTurn(store.read, session, request.turnId);
  const controller = supervisor.controller(session.runnerId);
  const answerOnce = (tx: Transaction, memory?: RunnerMemory) =>
    once(tx, repeat, CancelTurnResponseSchema, () => {
      const lines = endTurn(tx, session, tx.turns.byId(turn.id)!, memory);
      const answer = create(CancelTurnResponseSchema, { turn: turnMessage(tx.turns.byId(turn.id)!) });
      return { answer, effect: lines };
    });
  if (controller === undefined) return (await store.transaction((tx) => answerOnce(tx))).answer;
  return await controller.change((tx, memory) => {
    const { answer, effect } = answerOnce(tx, memory);
    return { value: answer, out: { lines: effect ?? [], prompts: [] } };
  });
}

function meantTurn(read: Reads, session: SessionRow, turnId: string): TurnRow {
  if (turnId === "") {
    const running = read.turns.running(session.id);
    if (running !== undefined) return running;
    throw failedPrecondition("NO_TURN", `no turn of session ${session.id} runs; name the turn to cancel`, {
      session: session.id,
    });
  }
  const turn = read.turns.byId(turnId);
  if (turn === undefined) throw notFound("turn", turnId);
  if (turn.sessionId !== session.id) {
    throw invalidField("turn_id", `turn ${turnId} is of session ${turn.sessionId}`);
  }
  return turn;
}

function endTurn(tx: Transaction, session: SessionRow, turn: TurnRow, memory: RunnerMemory | undefined) {
  if (turn.endedAt !== null) return [];
  if (turn.startedAt === null) {
    turnEnded(tx, session, turn, { state: TurnState.CANCELLED, stopReason: "cancelled" });
    return [];
  }
  return memory === undefined ? [] : cancelRunning(tx, session, memory);
}

/** Ends a session for good: its turn by cancel, what is queued at once. Ending what has ended succeeds. */
export async function endSession(
  services: Services,
  request: EndSessionRequest,
  context: HandlerContext,
): Promise<EndSessionResponse> {
  const { store, supervisor } = services;
  const repeat = repeatable(scopeOf(context), EndSessionRequestSchema, request);
  const before = answeredBefore(store.read, repeat, EndSessionResponseSchema);
  if (before !== undefined) return before;
  const { id, runnerId } = sessionById(store.read, request.sessionId);
  const controller = supervisor.controller(runnerId);
  if (controller !== undefined) await quiet(services, controller, id);
  const answerOnce = (tx: Transaction, memory?: RunnerMemory) =>
    once(tx, repeat, EndSessionResponseSchema, () => {
      const lines = end(tx, sessionById(tx, id), memory);
      const answer = create(EndSessionResponseSchema, { session: sessionMessage(sessionById(tx, id)) });
      return { answer, effect: lines };
    });
  if (controller === undefined) return (await store.transaction((tx) => answerOnce(tx))).answer;
  return await controller.change((tx, memory) => {
    const { answer, effect } = answerOnce(tx, memory);
    return { value: answer, out: { lines: effect ?? [], prompts: [] } };
  });
}

/** Gives the agent the chance to end its turn in order, with what it cost. The caller need not stay for it. */
async function quiet({ store, closing }: Services, controller: RunnerController, id: string): Promise<void> {
  const turnId = await controller.change((tx, memory) => {
    const session = sessionById(tx, id);
    if (session.endedAt === null) refuseOwnSession(session, memory);
    const lines = cancelRunning(tx, session, memory);
    cancelQueued(tx, session);
    return { value: tx.turns.running(id)?.id, out: { ...nothing(), lines } };
  });
  if (turnId === undefined) return;
  const timeout = AbortSignal.timeout(cancelMs);
  const isOver = () => (store.read.turns.byId(turnId)?.endedAt == null ? undefined : true);
  await waitFor(store, [`session:${id}`], isOver, AbortSignal.any([timeout, closing])).catch((error) => {
    if (!timeout.aborted) throw error;
  });
}

function refuseOwnSession({ id, runnerId }: SessionRow, { adapter }: RunnerMemory): void {
  if (adapter.opensSessions) return;
  throw failedPrecondition(
    "OWN_SESSION",
    `session ${id} is runner ${runnerId}'s process; stop the runner instead`,
    { session: id, runner: runnerId },
  );
}

function end(tx: Transaction, session: SessionRow, memory: RunnerMemory | undefined): string[] {
  if (session.status === SessionStatus.ENDED) return [];
  const lines = withdrawQuestions(tx, session.id, memory);
  const running = tx.turns.running(session.id);
  memory?.writer(tx, session.id).complete(tx);
  if (running !== undefined) {
    turnEnded(tx, session, running, {
      state: TurnState.CANCELLED,
      stopReason: "session_ended",
      error: "the agent did not end it in time after it was cancelled",
      told: memory && unbookedOf(memory.cost(session.id)),
      usage: memory && bookTurn(memory.cost(session.id), undefined),
    });
  }
  cancelQueued(tx, session);
  memory?.letGo(session.id);
  memory?.setResuming(session.id, undefined);
  leaveRunner(tx, session);
  sessionLeft(tx, sessionById(tx, session.id), SessionStatus.ENDED, "ended on request");
  return [...lines, ...(memory?.adapter.closeSession(session.id) ?? [])];
}

function cancelQueued(tx: Transaction, session: SessionRow): void {
  for (;;) {
    const queued = tx.turns.nextQueued(session.id);
    if (queued === undefined) return;
    turnEnded(tx, session, queued, { state: TurnState.CANCELLED, stopReason: "session_ended" });
  }
}
