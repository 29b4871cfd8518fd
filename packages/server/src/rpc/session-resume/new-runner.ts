import { create, fromBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CreateRunnerRequestSchema,
  CreateRunnerResponseSchema,
  type ResumeSessionRequest,
  RunnerSpecSchema,
} from "@stratavore/proto";
import { failedPrecondition } from "../../domain/errors.js";
import { isTerminal } from "../../domain/lifecycle.js";
import { runnerById } from "../../domain/runners.js";
import { quotaOf } from "../../domain/views/quota.js";
import { specOf } from "../../domain/views/runner.js";
import type { Reads, RunnerRow, SessionRow } from "../../store/index.js";
import { waitFor } from "../../supervise/wait-for.js";
import { scopeOf } from "../caller.js";
import { createRunner } from "../runners/create.js";
import type { Services } from "../services.js";

/** A new runner with the settings of the one that the session was on, to take up the session. */
export async function createRunnerFor(
  services: Services,
  { requestId, fork }: ResumeSessionRequest,
  session: SessionRow,
  context: HandlerContext,
): Promise<string> {
  const { store } = services;
  const old = store.read.runners.byId(session.runnerId);
  if (old === undefined) {
    throw failedPrecondition(
      "RUNNER_DELETED",
      `the runner of session ${session.id} is deleted, and its settings with it; name a runner_id to resume on`,
      { session: session.id, runner: session.runnerId },
    );
  }
  const { runner } = await createRunner(
    services,
    create(CreateRunnerRequestSchema, {
      projectName: session.projectName,
      model: old.model,
      temperature: old.temperature,
      maxTokens: old.maxTokens,
      metadata: old.metadata,
      quota: quotaOf(old.quota),
      requestId: ownRequestId(services, requestId, context),
      spec: create(RunnerSpecSchema, {
        ...specOf(old),
        agent: session.agent,
        prompt: "",
        resumeSessionId: session.id,
        forkSession: fork,
      }),
    }),
    context,
  );
  return runner!.id!;
}

/**
 * A repeat of a call that has started its runner already waits for that one. If that one has ended, the call failed, and
 * the repeat is a new try.
 */
function ownRequestId({ store }: Services, requestId: string, context: HandlerContext): string {
  if (requestId === "") return "";
  for (let attempt = 1; ; attempt++) {
    const id = `${requestId} runner ${attempt}`;
    const kept = store.read.requests.get(scopeOf(context), id);
    if (kept === undefined) return id;
    const { runner } = fromBinary(CreateRunnerResponseSchema, kept.response);
    const now = store.read.runners.byId(runner!.id);
    if (now !== undefined && !isTerminal(now.status)) return id;
  }
}

/** The session, or its copy, once the new runner has it. */
export async function onNewRunner({ store, closing }: Services, runnerId: string): Promise<string> {
  const look = () => takenUpBy(store.read, runnerById(store.read, runnerId));
  return await waitFor(store, [`runner:${runnerId}`], look, closing);
}

/** Undefined while the agent has not answered for it, also when someone opens another session on the runner meanwhile. */
function takenUpBy(read: Reads, runner: RunnerRow): string | undefined {
  const { id, status, reason } = runner;
  const { resumeSessionId, forkSession } = specOf(runner);
  const isIt = (session: SessionRow) =>
    forkSession
      ? session.forkOf === resumeSessionId && session.agentSessionId !== null
      : session.id === resumeSessionId;
  const session = read.sessions.forRunner(id).find(isIt);
  if (session !== undefined) return session.id;
  if (!isTerminal(status)) return undefined;
  throw failedPrecondition("RESUME_FAILED", reason || `runner ${id} ended before it had the session`, {
    runner: id,
  });
}
