import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type StopRunnerRequest,
  StopRunnerRequestSchema,
  type StopRunnerResponse,
  StopRunnerResponseSchema,
} from "@stratavore/proto";
import { answeredBefore, once, repeatable } from "../../domain/idempotency.js";
import { runnerMessage } from "../../domain/views/runner.js";
import { endedProcesses, methodOf } from "../../supervise/runner/ending.js";
import { scopeOf } from "../caller.js";
import type { Services } from "../services.js";
import { graceMsOf } from "./grace.js";

/** Ends a runner; a repeat tells what the first call ended, also when the runner was started again since. */
export async function stopRunner(
  { store, supervisor }: Services,
  request: StopRunnerRequest,
  context: HandlerContext,
): Promise<StopRunnerResponse> {
  const repeat = repeatable(scopeOf(context), StopRunnerRequestSchema, request);
  const before = answeredBefore(store.read, repeat, StopRunnerResponseSchema);
  if (before !== undefined) return before;
  const { runnerId, force, timeoutSeconds } = request;
  const graceMs = graceMsOf(timeoutSeconds);
  const stopped = await supervisor.stopRunner(runnerId, { force, graceMs }, context.signal);
  const { runner, report, method } = stopped;
  const done = create(StopRunnerResponseSchema, {
    runner: runnerMessage(runner),
    endedProcesses: endedProcesses(report),
    method: method ?? methodOf(report),
  });
  if (repeat === undefined) return done;
  const { answer } = await store.transaction((tx) =>
    once(tx, repeat, StopRunnerResponseSchema, () => ({ answer: done, effect: undefined })),
  );
  return answer;
}
