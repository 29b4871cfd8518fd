import { create } from "@bufbuild/protobuf";
import { type CreateRunnerResponse, CreateRunnerResponseSchema } from "@stratavore/proto";
import { shuttingDown } from "../../domain/errors.js";
import { once, type RepeatableRequest } from "../../domain/idempotency.js";
import { createRunner, type NewRunnerInput } from "../../domain/runners.js";
import { runnerMessage } from "../../domain/views/runner.js";
import type { Supervisor } from "../supervisor.js";

/** Records a runner that its owner runs; the answer is STARTING until its first heartbeat. */
export async function createExternalRunner(
  { options: { store }, closing, externals }: Supervisor,
  input: Omit<NewRunnerInput, "place">,
  request: RepeatableRequest | undefined,
): Promise<CreateRunnerResponse> {
  if (closing.aborted) throw shuttingDown();
  const { answer, effect: runner } = await store.transaction((tx) =>
    once(tx, request, CreateRunnerResponseSchema, () => {
      const row = createRunner(tx, input);
      const { warnings } = input;
      return {
        answer: create(CreateRunnerResponseSchema, { runner: runnerMessage(row), warnings }),
        effect: row,
      };
    }),
  );
  if (runner !== undefined) externals.expect(runner.id);
  return answer;
}
