import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ReconcileRequest, ReconcileResponseSchema } from "@stratavore/proto";
import { orAborted } from "../../supervise/or-aborted.js";
import type { Services } from "../services.js";

/** Reconciles now, after what is under way; the answer comes once what it found is on record. */
export async function reconcile(
  { reconciler, supervisor, log }: Services,
  { dryRun }: ReconcileRequest,
  { signal }: HandlerContext,
): Promise<MessageInitShape<typeof ReconcileResponseSchema>> {
  const { steps, recorded } = await reconciler.run({ dryRun });
  if (!dryRun) for (const step of steps) log.info(step, "reconciled");
  await orAborted(recorded, AbortSignal.any([signal, supervisor.closing]));
  return {
    reconciledCount: steps.filter(({ runnerId }) => runnerId !== "").length,
    failedRunnerIds: steps.filter(({ action }) => action === "failed").map(({ runnerId }) => runnerId),
    actions: steps,
  };
}
