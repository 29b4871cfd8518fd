import { RunnerStatus, SessionStatus, StopMethod, TurnState } from "@stratavore/proto";
import { isLive, statusAfterExit } from "../../domain/lifecycle.js";
import { runnerEnded } from "../../domain/runners.js";
import { sessionLeft } from "../../domain/sessions.js";
import { TranscriptWriter } from "../../domain/transcript/writer.js";
import { turnEnded } from "../../domain/turns.js";
import type { StopReport } from "../../drivers/driver.js";
import type { RunnerRow, SessionRow, Transaction } from "../../store/index.js";
import { unbookedOf } from "./budget-stop.js";
import { bookTurn } from "./costs.js";
import { withdrawQuestions } from "./leave.js";
import type { RunnerMemory } from "./memory.js";
import { type Evidence, reasonOf } from "./reason.js";

export interface Ending extends Evidence {
  report: StopReport | undefined;
}

const { ACTIVE, IDLE, ENDED, RESUMABLE } = SessionStatus;

/** Records the end of a runner whose process is gone and whose output is stored to the last byte. */
export function recordEnding(tx: Transaction, runnerId: string, memory: RunnerMemory, ending: Ending): void {
  const runner = tx.runners.byId(runnerId);
  if (runner === undefined || !isLive(runner.status)) return;
  endSessions(tx, runner, memory, reasonOf(runner, ending));
  recordProcessEnd(tx, tx.runners.byId(runnerId)!, memory, ending);
}

/** Takes all sessions off a runner that has ended. Without its memory nothing is known that could resume them. */
export function endSessions(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory | undefined,
  reason: string,
): void {
  const isOver = memory?.adapter.opensSessions && memory.resumable ? RESUMABLE : ENDED;
  for (const session of sessionsOf(tx, runner, [ACTIVE, IDLE])) {
    endTurns(tx, session, runner, memory, reason);
    (memory?.writer(tx, session.id) ?? TranscriptWriter.restore(tx, session)).complete(tx);
    const now = tx.sessions.byId(session.id)!;
    sessionLeft(tx, now, now.agentSessionId === null ? ENDED : isOver, reason);
  }
  for (const session of sessionsOf(tx, runner, [RESUMABLE])) {
    endTurns(tx, session, runner, memory, reason);
    // An agent that has not answered holds none of them: they are of earlier incarnations.
    if (isOver === RESUMABLE || runner.startedAt === null) continue;
    sessionLeft(tx, session, ENDED, `its agent cannot resume it: ${reason}`);
  }
}

/** The end of the runner alone, without its sessions: for when recording all of it fails. */
export function recordProcessEnd(
  tx: Transaction,
  runner: RunnerRow,
  memory: RunnerMemory,
  ending: Ending,
): void {
  if (!isLive(runner.status)) return;
  const { exitCode, failure, report } = ending;
  const endsBySuccess = !memory.adapter.opensSessions && failure === undefined;
  runnerEnded(tx, runner, {
    status: statusAfterExit({ status: runner.status, exitCode, endsBySuccess }),
    reason: reasonOf(runner, ending),
    exitCode,
    endedProcesses: endedProcesses(report),
    method: methodOf(report),
    stderrTail: memory.stored.stderrTail,
  });
}

function endTurns(
  tx: Transaction,
  session: SessionRow,
  runner: RunnerRow,
  memory: RunnerMemory | undefined,
  reason: string,
): void {
  const requested = runner.status === RunnerStatus.STOPPING;
  withdrawQuestions(tx, session.id, memory);
  for (;;) {
    const turn = tx.turns.running(session.id) ?? tx.turns.nextQueued(session.id);
    if (turn === undefined) return;
    const account = turn.startedAt === null ? undefined : memory?.cost(session.id);
    turnEnded(tx, session, turn, {
      state: requested ? TurnState.CANCELLED : TurnState.FAILED,
      stopReason: requested ? "stopped" : "agent_ended",
      error: requested ? undefined : reason,
      told: account && unbookedOf(account),
      usage: account && bookTurn(account, undefined),
    });
  }
}

const pageSize = 1000;

/** All of the runner's sessions in these states, found before any of them changes. */
function sessionsOf(tx: Transaction, runner: RunnerRow, statuses: SessionStatus[]): SessionRow[] {
  const found: SessionRow[] = [];
  for (;;) {
    const last = found.at(-1);
    const afterKey = last && { createdAt: last.createdAt, id: last.id };
    const { rows } = tx.sessions.list({ runnerId: runner.id, statuses, limit: pageSize, afterKey });
    found.push(...rows);
    if (rows.length < pageSize) return found;
  }
}

export const endedProcesses = (report: StopReport | undefined) =>
  (report?.ended ?? []).map(({ pid, command, signal }) => ({ pid, command, signal: signal ?? "" }));

export function methodOf(report: StopReport | undefined): StopMethod {
  if (report === undefined) return StopMethod.UNSPECIFIED;
  return report.method === "cgroup" ? StopMethod.CGROUP : StopMethod.SCAN;
}
