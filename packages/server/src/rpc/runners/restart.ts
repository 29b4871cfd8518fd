import type { HandlerContext } from "@connectrpc/connect";
import {
  type RestartRunnerRequest,
  RestartRunnerRequestSchema,
  type RestartRunnerResponse,
  RestartRunnerResponseSchema,
} from "@stratavore/proto";
import { answeredBefore, repeatable } from "../../domain/idempotency.js";
import { restartRunner as restart } from "../../supervise/restart.js";
import { scopeOf } from "../caller.js";
import type { Services } from "../services.js";
import { graceMsOf } from "./grace.js";

/** Ends a runner and starts it again as a new incarnation. */
export async function restartRunner(
  { store, supervisor }: Services,
  request: RestartRunnerRequest,
  context: HandlerContext,
): Promise<RestartRunnerResponse> {
  const repeat = repeatable(scopeOf(context), RestartRunnerRequestSchema, request);
  const before = answeredBefore(store.read, repeat, RestartRunnerResponseSchema);
  if (before !== undefined) return before;
  const { runnerId, preserveSession, timeoutSeconds } = request;
  const graceMs = graceMsOf(timeoutSeconds);
  return await restart(supervisor, { runnerId, preserveSession, graceMs }, repeat, context.signal);
}
