import { fromBinary } from "@bufbuild/protobuf";
import { EventType, RunnerStatus, RunnerStoppedSchema, StopMethod } from "@stratavore/proto";
import { isTerminal } from "../../domain/lifecycle.js";
import { runnerById } from "../../domain/runners.js";
import type { Store } from "../../store/index.js";
import { defaultGraceMs } from "../grace.js";
import { orAborted } from "../or-aborted.js";
import type { StopOutcome } from "../stop-runner.js";
import type { Supervisor } from "../supervisor.js";
import { endUnconfirmed, requestEnd } from "./end.js";

/**
 * Asks the owner of an external runner to end it, and waits for its word. The stop goes on when the caller leaves.
 *
 * @throws DomainError not_found; the caller's reason
 */
export async function stopExternal(
  supervisor: Supervisor,
  runnerId: string,
  { force, graceMs }: { force: boolean; graceMs: number },
  caller: AbortSignal,
): Promise<StopOutcome> {
  const { store } = supervisor.options;
  const from = store.read.events.head();
  const asked = await store.transaction((tx) => requestEnd(tx, runnerId, force));
  if (!isTerminal(asked.status)) {
    const end = awaitOwner(supervisor, runnerId, graceMs);
    await orAborted(end, AbortSignal.any([caller, supervisor.closing]));
  }
  const runner = runnerById(store.read, runnerId);
  return { runner, report: undefined, method: methodSince(store, from, runnerId) };
}

/** The stops that an earlier daemon did not see to their end. */
export function resumeStops(supervisor: Supervisor): void {
  const { store, log } = supervisor.options;
  for (const { id, external, status } of store.read.runners.live()) {
    if (!external || status !== RunnerStatus.STOPPING) continue;
    awaitOwner(supervisor, id, defaultGraceMs).catch((error) => {
      if (!supervisor.closing.aborted) log.warn({ runner: id, error }, "a stop could not be finished");
    });
  }
}

/** Ends the runner's record when its owner has not done so in time. */
async function awaitOwner(supervisor: Supervisor, runnerId: string, graceMs: number): Promise<void> {
  const late = AbortSignal.timeout(graceMs);
  const ending = AbortSignal.any([late, supervisor.closing]);
  try {
    await supervisor.inState(runnerId, ({ status }) => isTerminal(status), ending);
  } catch (error) {
    if (!late.aborted) throw error;
    const reason = `its owner did not say within ${graceMs / 1000} s that it has ended`;
    await supervisor.options.store.transaction((tx) => endUnconfirmed(tx, runnerId, reason));
  }
}

/** How the end after a position of the log is known; unspecified if there was none. */
function methodSince(store: Store, from: bigint, runnerId: string): StopMethod {
  const types = [EventType.RUNNER_STOPPED];
  const [stopped] = store.read.events.after(from, { types, runnerId, limit: 1 });
  return stopped === undefined
    ? StopMethod.UNSPECIFIED
    : fromBinary(RunnerStoppedSchema, stopped.payload).method;
}
