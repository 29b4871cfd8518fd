import { create } from "@bufbuild/protobuf";
import { type UpdateRunnerResponse, UpdateRunnerResponseSchema } from "@stratavore/proto";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { type RunnerChanges, type SetModel, updateRunner as update } from "../domain/runner-changes.js";
import { runnerMessage } from "../domain/views/runner.js";
import type { RunnerRow, Transaction } from "../store/index.js";
import { nothing } from "./runner/dispatch.js";
import type { Supervisor } from "./supervisor.js";

type Facts = Parameters<typeof runnerMessage>[1];

/** There is no agent to tell: it was not started yet, or it is not ours. */
const nobody: SetModel = () => [];

/**
 * Changes a runner. A new model is asked of its agent for the open session; the agent's answer comes later.
 *
 * @throws DomainError not_found, aborted for a stale etag, failed_precondition for more than labels of an ended runner
 */
export async function updateRunner(
  supervisor: Supervisor,
  { runnerId, ...wanted }: { runnerId: string; changes: RunnerChanges; etag: string },
  request: RepeatableRequest | undefined,
  factsOf: (row: RunnerRow) => Facts,
): Promise<UpdateRunnerResponse> {
  const record = (tx: Transaction, setModel: SetModel) =>
    once(tx, request, UpdateRunnerResponseSchema, () => {
      const row = update(tx, runnerId, wanted, setModel);
      const runner = runnerMessage(row, factsOf(row));
      return { answer: create(UpdateRunnerResponseSchema, { runner }), effect: undefined };
    }).answer;
  const controller = wanted.changes.model === undefined ? undefined : supervisor.controller(runnerId);
  if (controller === undefined) return supervisor.options.store.transaction((tx) => record(tx, nobody));
  return await controller.change((tx, memory) => {
    const lines: string[] = [];
    const value = record(tx, ({ sessionId }, model) => {
      const { updates, send } = memory.adapter.setModel({ sessionId: sessionId ?? undefined, model });
      lines.push(...send);
      return updates.flatMap((each) => (each.kind === "warning" ? [each.message] : []));
    });
    return { value, out: { ...nothing(), lines } };
  });
}
