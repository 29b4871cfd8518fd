import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CreateRunnerRequestSchema,
  type ResumeSessionRequest,
  ResumeSessionRequestSchema,
  type ResumeSessionResponse,
  ResumeSessionResponseSchema,
  RunnerSpecSchema,
  SessionStatus,
} from "@stratavore/proto";
import { failedPrecondition } from "../domain/errors.js";
import { answeredBefore, once, type RepeatableRequest, repeatable } from "../domain/idempotency.js";
import { isTerminal } from "../domain/lifecycle.js";
import { runnerById } from "../domain/runners.js";
import { sessionById } from "../domain/sessions.js";
import { quotaOf } from "../domain/views/quota.js";
import { runnerMessage, specOf } from "../domain/views/runner.js";
import { sessionMessage } from "../domain/views/session.js";
import type { RunnerRow, SessionRow } from "../store/index.js";
import type { StoredMemory } from "../supervise/runner/memory.js";
import { askToFork, askToResume } from "../supervise/runner/resume-session.js";
import { waitFor } from "../supervise/wait-for.js";
import { scopeOf } from "./caller.js";
import { checkContinuable, checkSameAgent, requireAgent, requireIdle } from "./continuable.js";
import { runnerService } from "./runners.js";
import type { Services } from "./services.js";

/** How long a runner may take to start, and its agent to take a session up. */
const resumeTimeoutMs = 120_000;

/** Continues a session, or a copy of it, on the runner that is named or on a new one. */
export async function resumeSession(
  services: Services,
  request: ResumeSessionRequest,
  context: HandlerContext,
): Promise<ResumeSessionResponse> {
  const { store, closing } = services;
  const repeat = repeatable(scopeOf(context), ResumeSessionRequestSchema, request);
  const before = answeredBefore(store.read, repeat, ResumeSessionResponseSchema);
  if (before !== undefined) return before;
  const session = sessionById(store.read, request.sessionId);
  const ending = AbortSignal.any([context.signal, closing, AbortSignal.timeout(resumeTimeoutMs)]);
  const sessionId = await (request.runnerId === ""
    ? onNewRunner(services, request, session, context, ending)
    : onRunner(services, request, session, ending));
  return await answerOnce(services, repeat, sessionId);
}

/** Kept only once it has come true, so that a call that failed can be made again. */
async function answerOnce(
  { store }: Services,
  repeat: RepeatableRequest | undefined,
  sessionId: string,
): Promise<ResumeSessionResponse> {
  const answerIn = (read: Parameters<typeof sessionById>[0] & Parameters<typeof runnerById>[0]) => {
    const session = sessionById(read, sessionId);
    const runner = runnerById(read, session.runnerId);
    return create(ResumeSessionResponseSchema, {
      session: sessionMessage(session),
      runner: runnerMessage(runner),
    });
  };
  if (repeat === undefined) return answerIn(store.read);
  const { answer } = await store.transaction((tx) =>
    once(tx, repeat, ResumeSessionResponseSchema, () => ({ answer: answerIn(tx), effect: undefined })),
  );
  return answer;
}

async function onNewRunner(
  services: Services,
  { requestId, fork }: ResumeSessionRequest,
  session: SessionRow,
  context: HandlerContext,
  ending: AbortSignal,
): Promise<string> {
  const { store } = services;
  // A repeat of a call that has started its runner already waits for that one.
  const ownId = requestId === "" ? "" : `${requestId} runner`;
  const old = store.read.runners.byId(session.runnerId);
  if (old === undefined) {
    throw failedPrecondition(
      "RUNNER_DELETED",
      `the runner of session ${session.id} is deleted, and its settings with it; name a runner_id to resume on`,
      { session: session.id, runner: session.runnerId },
    );
  }
  const { runner } = await runnerService(services).createRunner(
    create(CreateRunnerRequestSchema, {
      projectName: session.projectName,
      model: old.model,
      temperature: old.temperature,
      maxTokens: old.maxTokens,
      metadata: old.metadata,
      quota: quotaOf(old.quota),
      requestId: ownId,
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
  const runnerId = runner!.id!;
  return await waitFor(
    store,
    [`runner:${runnerId}`],
    () => activeOf(runnerById(store.read, runnerId)),
    ending,
  );
}

function activeOf({ id, status, sessionId, reason }: RunnerRow): string | undefined {
  if (sessionId !== null) return sessionId;
  if (!isTerminal(status)) return undefined;
  throw failedPrecondition("RESUME_FAILED", reason || `runner ${id} ended before it had the session`, {
    runner: id,
  });
}

async function onRunner(
  services: Services,
  { runnerId, fork }: ResumeSessionRequest,
  { id }: SessionRow,
  ending: AbortSignal,
): Promise<string> {
  const { store, supervisor } = services;
  requireAgent(runnerById(store.read, runnerId));
  const runner = await supervisor.settled(runnerId, ending);
  const now = sessionById(store.read, id);
  if (!fork && runner.sessionId === id && now.runnerId === runnerId) return id;
  checkContinuable(store.read, now, fork);
  checkSameAgent(now, runner);
  const controller = supervisor.live(runner);
  const { cwd } = controller;
  const asked = await controller.change((tx, memory) => {
    const live = runnerById(tx, runnerId);
    supervisor.requireRunning(live);
    const session = sessionById(tx, id);
    checkContinuable(tx, session, fork);
    requireIdle(tx, live.sessionId);
    if (fork) {
      const { session: copy, lines } = askToFork(tx, live, memory, cwd, session);
      return { value: copy.id, out: { lines, prompts: [] } };
    }
    return { value: id, out: { lines: askToResume(live, memory, cwd, session), prompts: [] } };
  });
  const topics = [`session:${asked}`, `runner:${runnerId}`];
  return await waitFor(store, topics, () => takenUp(services, asked, runnerId), ending).catch(
    async (error) => {
      // What nobody waits for any more must not be taken up later and push the active session aside.
      if (ending.aborted && !services.closing.aborted) {
        await controller.change((_, memory) => {
          if (memory.resuming(asked) === "pending") memory.setResuming(asked, "given_up");
          return { value: undefined, out: { lines: [], prompts: [] } };
        });
      }
      throw error;
    },
  );
}

/** The session once it is on the runner; undefined while the agent has not answered for it. */
function takenUp({ store }: Services, sessionId: string, runnerId: string): string | undefined {
  const session = sessionById(store.read, sessionId);
  const state = store.read.processes.get(runnerId)?.adapterState as StoredMemory | null | undefined;
  const isOpening = session.agentSessionId === null && session.endedAt === null;
  if (state != null && (isOpening || state.resuming?.[sessionId] === "pending")) return undefined;
  const { runnerId: at, status } = session;
  if (at === runnerId && (status === SessionStatus.IDLE || status === SessionStatus.ACTIVE)) return sessionId;
  throw failedPrecondition("RESUME_FAILED", session.reason || `runner ${runnerId} ended before it answered`, {
    session: sessionId,
    runner: runnerId,
  });
}
