import { create } from "@bufbuild/protobuf";
import { type DeleteRunnerResponse, DeleteRunnerResponseSchema } from "@stratavore/proto";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { isLive } from "../domain/lifecycle.js";
import { deleteRunner as removeRunner } from "../domain/runner-changes.js";
import { runnerById } from "../domain/runners.js";
import { defaultGraceMs } from "./grace.js";
import type { Supervisor } from "./supervisor.js";

/**
 * Deletes a runner and its folder; with `force` a live one is stopped first.
 *
 * @throws DomainError not_found, failed_precondition for a live one without force; what a stop throws: then it stays
 */
export async function deleteRunner(
  supervisor: Supervisor,
  { runnerId, force }: { runnerId: string; force: boolean },
  request: RepeatableRequest | undefined,
  caller: AbortSignal,
): Promise<DeleteRunnerResponse> {
  const { store } = supervisor.options;
  const isRunning = isLive(runnerById(store.read, runnerId).status);
  if (isRunning && force)
    await supervisor.stopRunner(runnerId, { force: false, graceMs: defaultGraceMs }, caller);
  const { answer } = await store.transaction((tx) =>
    once(tx, request, DeleteRunnerResponseSchema, () => {
      removeRunner(tx, runnerById(tx, runnerId));
      return { answer: create(DeleteRunnerResponseSchema), effect: undefined };
    }),
  );
  await supervisor.letGo(runnerId);
  await supervisor.removeFolder(runnerId);
  return answer;
}
