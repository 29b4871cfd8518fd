import { RunnerStatus, StopMethod, TurnState } from "@stratavore/proto";
import { statusAfterExit } from "../../domain/lifecycle.js";
import { runnerEnded } from "../../domain/runners.js";
import { turnEnded } from "../../domain/turns.js";
import type { StopReport } from "../../drivers/driver.js";
import type { RunnerRow, Transaction } from "../../store/index.js";
import { cancelQuestions } from "./apply.js";
import { bookTurn } from "./costs.js";
import type { RunnerMemory } from "./memory.js";
import { leaveRunner } from "./open-session.js";

export interface Ending {
  exitCode: number | null;
  /** What went wrong before the end, if anything did. */
  failure: string | undefined;
  report: StopReport | undefined;
  stderrTail: string;
}

/** Records the end of a runner whose process is gone and whose output is stored to the last byte. */
export function recordEnding(tx: Transaction, runnerId: string, memory: RunnerMemory, ending: Ending): void {
  const runner = tx.runners.byId(runnerId);
  if (runner === undefined || runner.endedAt !== null) return;
  const requested = runner.status === RunnerStatus.STOPPING;
  const endsBySuccess = !memory.adapter.opensSessions && ending.failure === undefined;
  const status = statusAfterExit({ status: runner.status, exitCode: ending.exitCode, endsBySuccess });
  const reason = reasonOf(runner, ending, requested);
  for (const session of liveSessions(tx, runner)) {
    memory.writer(tx, session.id).complete(tx);
    cancelQuestions(tx, session.id);
    for (const turn of tx.turns.forSession(session.id).filter(({ endedAt }) => endedAt === null)) {
      turnEnded(tx, session, turn, {
        state: requested ? TurnState.CANCELLED : TurnState.FAILED,
        stopReason: requested ? "stopped" : "agent_ended",
        error: requested ? undefined : reason,
        usage: turn.startedAt === null ? undefined : bookTurn(memory.cost(session.id), undefined),
      });
    }
    const resumable = memory.adapter.opensSessions && session.agentSessionId !== null && memory.resumable;
    leaveRunner(tx, tx.sessions.byId(session.id)!, resumable, reason || "its runner was stopped");
  }
  const { report } = ending;
  runnerEnded(tx, tx.runners.byId(runnerId)!, {
    status,
    reason,
    exitCode: ending.exitCode,
    endedProcesses: endedProcesses(report),
    method: methodOf(report),
    stderrTail: ending.stderrTail,
  });
}

const liveSessions = (tx: Transaction, runner: RunnerRow) =>
  tx.sessions
    .list({ runnerId: runner.id, limit: 1000 })
    .rows.filter(({ endedAt, status }) => endedAt === null && status <= 2);

export const endedProcesses = (report: StopReport | undefined) =>
  (report?.ended ?? []).map(({ pid, command, signal }) => ({ pid, command, signal: signal ?? "" }));

export function methodOf(report: StopReport | undefined): StopMethod {
  if (report === undefined) return StopMethod.UNSPECIFIED;
  return report.method === "cgroup" ? StopMethod.CGROUP : StopMethod.SCAN;
}

function reasonOf(runner: RunnerRow, ending: Ending, requested: boolean): string {
  const { exitCode, failure } = ending;
  const how = exitCode === null ? "its exit code is unknown" : `exit code ${exitCode}`;
  if (failure !== undefined) return `${failure} (${how})`;
  if (requested) return runner.reason || "stopped on request";
  if (runner.status === RunnerStatus.STARTING) return `the agent ended before it answered (${how})`;
  return exitCode === 0 ? "the agent ended by itself" : `the agent ended by itself (${how})`;
}
