import { RunnerStatus } from "@stratavore/proto";
import { statusAfterExit } from "../../domain/lifecycle.js";
import type { AgentProcess, ProcessHandle } from "../../drivers/driver.js";
import type { ProcessRow, RunnerRow } from "../../store/index.js";
import { RunnerMemory } from "../runner/memory.js";
import { reasonOf } from "../runner/reason.js";
import type { Supervisor } from "../supervisor.js";
import type { ReconcileStep } from "./reconcile.js";

/** How a runner that nobody follows stands, and what is to be done about it. */
export interface Finding {
  runner: RunnerRow;
  step: ReconcileStep;
  /** Its process, live or ended; undefined when there is nothing to take up. */
  found: Found | undefined;
  /** A process that was started but never recorded carries this. */
  sweep: string | undefined;
}

export interface Found {
  row: ProcessRow;
  handle: ProcessHandle;
  process: AgentProcess;
  memory: RunnerMemory;
  live: boolean;
}

/** Looks at a runner that nobody follows. Changes nothing; a process that is found must be followed or detached. */
export async function look(
  { options: { driver, owner } }: Supervisor,
  runner: RunnerRow,
  row: ProcessRow | undefined,
): Promise<Finding> {
  // Another daemon may be following it, and has the better right.
  if (row !== undefined && !row.nonce.startsWith(`${owner}-`)) {
    return unstarted(
      runner,
      "this record was copied or moved from another data directory; an agent that still runs there is not taken over",
      undefined,
    );
  }
  const known = (row?.handle ?? null) as ProcessHandle | null;
  if (row === undefined || known === null) {
    const started = row !== undefined && (await driver.find(row.dir, row.nonce)) !== null;
    // Nothing was said to it and nothing of it is stored: it is not worth guessing how far it got.
    return started
      ? unstarted(runner, "the daemon ended while the agent was being started", row.nonce)
      : unstarted(runner, "the daemon ended before the agent was started", undefined);
  }
  const memory = RunnerMemory.load(row);
  const { process, live } = await driver.adopt(known);
  const found = { row, handle: known, process, memory, live };
  return { runner, found, sweep: undefined, step: await stepFor(runner, found) };
}

function unstarted(runner: RunnerRow, reason: string, sweep: string | undefined): Finding {
  const action = runner.status === RunnerStatus.STOPPING ? "terminated" : "failed";
  return { runner, found: undefined, sweep, step: { runnerId: runner.id, action, reason, pid: 0 } };
}

async function stepFor(runner: RunnerRow, { handle, process, memory, live }: Found): Promise<ReconcileStep> {
  const common = { runnerId: runner.id, pid: handle.pid };
  if (runner.status === RunnerStatus.STOPPING)
    return { ...common, action: "stop_finished", reason: "its stop was under way" };
  if (live) return { ...common, action: "adopted", reason: "its process is alive" };
  const { status: exitCode } = await process.exited;
  const endsBySuccess = !memory.adapter.opensSessions;
  const outcome = statusAfterExit({ status: runner.status, exitCode, endsBySuccess });
  return {
    ...common,
    action: outcome === RunnerStatus.FAILED ? "failed" : "terminated",
    reason: reasonOf(runner, { exitCode, failure: undefined, unreadable: undefined }),
  };
}
