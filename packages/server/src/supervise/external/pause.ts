import { create } from "@bufbuild/protobuf";
import {
  type PauseRunnerResponse,
  PauseRunnerResponseSchema,
  type ResumeRunnerResponse,
  ResumeRunnerResponseSchema,
} from "@stratavore/proto";
import { failedPrecondition } from "../../domain/errors.js";
import { once, type RepeatableRequest } from "../../domain/idempotency.js";
import { pauseRunner, resumeRunner } from "../../domain/runner-changes.js";
import { runnerMessage } from "../../domain/views/runner.js";
import type { RunnerRow } from "../../store/index.js";
import type { Supervisor } from "../supervisor.js";

/**
 * Marks an external runner as held back, which its owner sees at its next heartbeat.
 *
 * @throws DomainError failed_precondition: it is not RUNNING, or is to be frozen
 */
export async function pauseExternal(
  { options: { store }, externals }: Supervisor,
  runner: RunnerRow,
  freeze: boolean,
  request: RepeatableRequest | undefined,
): Promise<PauseRunnerResponse> {
  if (freeze) {
    throw failedPrecondition(
      "EXTERNAL_RUNNER",
      `runner ${runner.id} is external, and only its owner can freeze it; pause it without freeze, and its owner sees that`,
      { runner: runner.id },
    );
  }
  const { answer } = await store.transaction((tx) =>
    once(tx, request, PauseRunnerResponseSchema, () => {
      const row = pauseRunner(tx, runner.id, { frozen: false });
      const paused = runnerMessage(row, externals.facts(row));
      return { answer: create(PauseRunnerResponseSchema, { runner: paused }), effect: undefined };
    }),
  );
  return answer;
}

/** @throws DomainError failed_precondition unless it is PAUSED */
export async function resumeExternal(
  { options: { store }, externals }: Supervisor,
  runner: RunnerRow,
  request: RepeatableRequest | undefined,
): Promise<ResumeRunnerResponse> {
  const { answer } = await store.transaction((tx) =>
    once(tx, request, ResumeRunnerResponseSchema, () => {
      const row = resumeRunner(tx, runner.id);
      const resumed = runnerMessage(row, externals.facts(row));
      return { answer: create(ResumeRunnerResponseSchema, { runner: resumed }), effect: undefined };
    }),
  );
  return answer;
}
