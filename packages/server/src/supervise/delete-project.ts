import { create } from "@bufbuild/protobuf";
import { type DeleteProjectResponse, DeleteProjectResponseSchema, RunnerStatus } from "@stratavore/proto";
import { DomainError, failedPrecondition, notFound } from "../domain/errors.js";
import { answeredBefore, once, type RepeatableRequest } from "../domain/idempotency.js";
import { projectByName, removeProject } from "../domain/projects.js";
import { moveRunner } from "../domain/runners.js";
import type { ProjectRow, RunnerRow, Transaction } from "../store/index.js";
import { defaultGraceMs } from "./grace.js";
import { failUnstarted } from "./reconcile/unstarted.js";
import type { Supervisor } from "./supervisor.js";

const liveStatuses = [
  RunnerStatus.STARTING,
  RunnerStatus.RUNNING,
  RunnerStatus.PAUSED,
  RunnerStatus.STOPPING,
] as const;

/** Runners that are stopped side by side, and how many a refusal names. */
const width = 16;
const named = 10;

export interface ProjectDeletion {
  name: string;
  /** Live runners are stopped first; without it they keep the project. */
  force: boolean;
}

/**
 * Deletes a project with its runners and sessions. Runners that are started while others are being stopped are stopped too.
 *
 * @throws DomainError not_found; failed_precondition naming live runners; what a stop throws: then nothing is deleted;
 *   the signal's reason
 */
export async function deleteProject(
  supervisor: Supervisor,
  { name, force }: ProjectDeletion,
  request: RepeatableRequest | undefined,
  caller: AbortSignal,
): Promise<DeleteProjectResponse> {
  const { store } = supervisor.options;
  let uid: string | undefined;
  for (;;) {
    const { answer, running } = await store.transaction((tx) => {
      const before = answeredBefore(tx, request, DeleteProjectResponseSchema);
      if (before !== undefined) return { answer: before, running: [] };
      const project = projectByName(tx, name);
      uid ??= project.uid;
      // Another one took the name while the runners of this one were being stopped.
      if (project.uid !== uid) throw notFound("project", name);
      const { rows, total } = liveRunners(tx, project);
      if (total > 0 && !force) throw projectInUse(project, rows, total);
      const running = rows.filter(({ external }) => !external);
      if (running.length > 0) return { answer: undefined, running };
      const { answer } = once(tx, request, DeleteProjectResponseSchema, () => {
        for (const { id } of rows) endExternal(tx, id);
        return { answer: create(DeleteProjectResponseSchema), effect: removeProject(tx, project) };
      });
      return { answer, running };
    });
    if (answer !== undefined) return answer;
    await stopAll(supervisor, running, caller);
  }
}

const liveRunners = (tx: Transaction, { name }: ProjectRow) =>
  tx.runners.list({ projectName: name, statuses: liveStatuses, limit: 1000 });

function projectInUse({ name }: ProjectRow, rows: readonly RunnerRow[], total: number): DomainError {
  const ids = rows.slice(0, named).map(({ id }) => id);
  const text = total > ids.length ? `${ids.join(", ")} and ${total - ids.length} more` : ids.join(", ");
  return failedPrecondition(
    "PROJECT_IN_USE",
    `project "${name}" has live runners: ${text}; stop them, or set force to have them stopped`,
    { project: name, runners: ids.join(","), live: String(total) },
  );
}

/** What someone else runs cannot be stopped from here: its record ends, and its owner's next call says so. */
function endExternal(tx: Transaction, id: string): void {
  const runner = tx.runners.byId(id)!;
  if (runner.status !== RunnerStatus.STOPPING) moveRunner(tx, runner, RunnerStatus.STOPPING);
  failUnstarted(tx, id, "its project was deleted");
}

async function stopAll(
  supervisor: Supervisor,
  runners: readonly RunnerRow[],
  caller: AbortSignal,
): Promise<void> {
  for (let from = 0; from < runners.length; from += width) {
    const some = runners.slice(from, from + width);
    const stops = some.map(async ({ id }) => {
      await supervisor.stopRunner(id, { force: false, graceMs: defaultGraceMs }, caller);
      await supervisor.letGo(id);
    });
    for (const result of await Promise.allSettled(stops)) {
      if (result.status === "rejected" && !isDeleted(result.reason)) throw result.reason;
    }
  }
}

const isDeleted = (error: unknown) => error instanceof DomainError && error.code === "not_found";
