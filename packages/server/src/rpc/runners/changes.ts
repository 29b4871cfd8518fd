import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  BatchStopRunnersRequestSchema,
  type BatchStopRunnersResponse,
  BatchStopRunnersResponseSchema,
  DeleteRunnerRequestSchema,
  DeleteRunnerResponseSchema,
  PauseRunnerRequestSchema,
  PauseRunnerResponseSchema,
  ResumeRunnerRequestSchema,
  ResumeRunnerResponseSchema,
  type RunnerService,
  RunnerStatus,
  type UpdateRunnerRequest,
  UpdateRunnerRequestSchema,
  UpdateRunnerResponseSchema,
} from "@stratavore/proto";
import { DomainError, invalidField } from "../../domain/errors.js";
import { fieldsToChange } from "../../domain/field-mask.js";
import { answeredBefore, once, repeatable } from "../../domain/idempotency.js";
import { projectByName } from "../../domain/projects.js";
import type { RunnerChanges } from "../../domain/runner-changes.js";
import { runnerMessage } from "../../domain/views/runner.js";
import type { Store } from "../../store/index.js";
import { deleteRunner } from "../../supervise/delete-runner.js";
import { pauseRunner, resumeRunner } from "../../supervise/pause.js";
import { type StopResult, stopMany } from "../../supervise/stop-many.js";
import { updateRunner } from "../../supervise/update-runner.js";
import { scopeOf } from "../caller.js";
import type { Services } from "../services.js";
import { factsOf } from "./facts.js";
import { graceMsOf } from "./grace.js";

type Implemented = "updateRunner" | "deleteRunner" | "pauseRunner" | "resumeRunner" | "batchStopRunners";

const liveStatuses = [
  RunnerStatus.STARTING,
  RunnerStatus.RUNNING,
  RunnerStatus.PAUSED,
  RunnerStatus.STOPPING,
];

/** What changes runners that are on record. */
export function runnerChanges(services: Services): Pick<ServiceImpl<typeof RunnerService>, Implemented> {
  const { store, supervisor, log } = services;
  return {
    async updateRunner(request, context) {
      const repeat = repeatable(scopeOf(context), UpdateRunnerRequestSchema, request);
      const before = answeredBefore(store.read, repeat, UpdateRunnerResponseSchema);
      if (before !== undefined) return before;
      const { runnerId, etag } = request;
      const wanted = { runnerId, etag, changes: changesOf(request) };
      return await updateRunner(supervisor, wanted, repeat, (row) => factsOf(services, row));
    },

    async deleteRunner(request, context) {
      const repeat = repeatable(scopeOf(context), DeleteRunnerRequestSchema, request);
      const before = answeredBefore(store.read, repeat, DeleteRunnerResponseSchema);
      return before ?? (await deleteRunner(supervisor, request, repeat, context.signal));
    },

    async pauseRunner(request, context) {
      const repeat = repeatable(scopeOf(context), PauseRunnerRequestSchema, request);
      const before = answeredBefore(store.read, repeat, PauseRunnerResponseSchema);
      return before ?? (await pauseRunner(supervisor, request, repeat));
    },

    async resumeRunner(request, context) {
      const repeat = repeatable(scopeOf(context), ResumeRunnerRequestSchema, request);
      const before = answeredBefore(store.read, repeat, ResumeRunnerResponseSchema);
      return before ?? (await resumeRunner(supervisor, request, repeat));
    },

    async batchStopRunners(request, context) {
      const repeat = repeatable(scopeOf(context), BatchStopRunnersRequestSchema, request);
      const before = answeredBefore(store.read, repeat, BatchStopRunnersResponseSchema);
      if (before !== undefined) return before;
      const { runnerIds, projectName, force, timeoutSeconds } = request;
      if (runnerIds.length === 0 && projectName === "") {
        throw invalidField(
          "runner_ids",
          "give the runners' ids, or a project_name to stop all of its runners",
        );
      }
      const ids = runnerIds.length > 0 ? runnerIds : liveOf(store, projectName);
      const graceMs = graceMsOf(timeoutSeconds);
      const results = await stopMany(supervisor, ids, { force, graceMs }, context.signal);
      const done = answerOf(results, (error) => log.error({ error }, "a runner could not be stopped"));
      const { answer } = await store.transaction((tx) =>
        once(tx, repeat, BatchStopRunnersResponseSchema, () => ({ answer: done, effect: undefined })),
      );
      return answer;
    },
  };
}

function changesOf(request: UpdateRunnerRequest): RunnerChanges {
  const { model, temperature, maxTokens, metadata, updateMask } = request;
  const fields = fieldsToChange(updateMask, {
    model: model !== "",
    temperature: temperature !== 0,
    max_tokens: maxTokens !== 0,
    metadata: Object.keys(metadata).length > 0,
  });
  return {
    ...(fields.has("model") && { model }),
    ...(fields.has("temperature") && { temperature }),
    ...(fields.has("max_tokens") && { maxTokens }),
    ...(fields.has("metadata") && { metadata }),
  };
}

const pageSize = 1000;

/** The project's live runners, newest first. */
function liveOf(store: Store, projectName: string): string[] {
  return store.snapshot((read) => {
    projectByName(read, projectName);
    const ids: string[] = [];
    for (let afterKey: { createdAt: number; id: string } | undefined; ; ) {
      const page = read.runners.list({ projectName, statuses: liveStatuses, limit: pageSize, afterKey });
      ids.push(...page.rows.map(({ id }) => id));
      if (page.rows.length < pageSize) return ids;
      const { createdAt, id } = page.rows.at(-1)!;
      afterKey = { createdAt, id };
    }
  });
}

/** An error that is no rule's has no text that a caller should see. */
function answerOf(
  results: readonly StopResult[],
  unexpected: (error: unknown) => void,
): BatchStopRunnersResponse {
  return create(BatchStopRunnersResponseSchema, {
    results: results.map(({ runnerId, outcome }) => {
      if ("runner" in outcome) return { runnerId, runner: runnerMessage(outcome.runner) };
      if (outcome.error instanceof DomainError) return { runnerId, error: outcome.error.message };
      unexpected(outcome.error);
      return { runnerId, error: "it could not be stopped; the daemon's log says why" };
    }),
  });
}
