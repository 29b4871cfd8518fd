import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type ResumeSessionRequest,
  ResumeSessionRequestSchema,
  type ResumeSessionResponse,
  ResumeSessionResponseSchema,
  SessionStatus,
} from "@stratavore/proto";
import { failedPrecondition } from "../domain/errors.js";
import { answeredBefore, once, type RepeatableRequest, repeatable } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { sessionById } from "../domain/sessions.js";
import { runnerMessage } from "../domain/views/runner.js";
import { sessionMessage } from "../domain/views/session.js";
import type { RunnerRow, SessionRow } from "../store/index.js";
import { orAborted } from "../supervise/or-aborted.js";
import type { RunnerController } from "../supervise/runner/controller.js";
import type { StoredMemory } from "../supervise/runner/memory.js";
import { giveUpSession } from "../supervise/runner/open-session.js";
import { askToFork, askToResume } from "../supervise/runner/resume-session.js";
import { waitFor } from "../supervise/wait-for.js";
import { scopeOf } from "./caller.js";
import { checkContinuable, checkSameAgent, requireAgent, requireIdle } from "./continuable.js";
import type { Services } from "./services.js";
import { createRunnerFor, onNewRunner } from "./session-resume/new-runner.js";
import { timeoutMs, tookTooLong } from "./session-resume/timeout.js";

/** Continues a session, or a copy of it, on the runner that is named or on a new one. */
export async function resumeSession(
  services: Services,
  request: ResumeSessionRequest,
  context: HandlerContext,
): Promise<ResumeSessionResponse> {
  const { store, closing } = services;
  const { signal } = context;
  const repeat = repeatable(scopeOf(context), ResumeSessionRequestSchema, request);
  const before = answeredBefore(store.read, repeat, ResumeSessionResponseSchema);
  if (before !== undefined) return before;
  const session = sessionById(store.read, request.sessionId);
  if (request.runnerId === "") {
    const runnerId = await createRunnerFor(services, request, session, context);
    // The runner goes on when the caller leaves, and so does the answer, for a repeat of the call.
    const answer = onNewRunner(services, runnerId).then((sessionId) =>
      answerOnce(services, repeat, sessionId),
    );
    return await orAborted(answer, signal);
  }
  const sessionId = await services.resumes.join(keyOf(request, repeat), signal, async (abandoned) => {
    const timeout = AbortSignal.timeout(timeoutMs(services));
    const ending = AbortSignal.any([abandoned, closing, timeout]);
    return await onRunner(services, request, session, ending).catch((error) => {
      throw error === timeout.reason ? tookTooLong(services, session, request.runnerId) : error;
    });
  });
  return await answerOnce(services, repeat, sessionId);
}

/** Calls that resume a session on a runner all want the same; each fork is another copy, unless one is repeated. */
function keyOf(
  { sessionId, runnerId, fork }: ResumeSessionRequest,
  repeat: RepeatableRequest | undefined,
): string {
  const copy = repeat === undefined ? randomUUID() : `${repeat.scope} ${repeat.requestId}`;
  return JSON.stringify([runnerId, sessionId, fork && copy]);
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
  requireContinuable(controller, runner, id);
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
        await controller.change((tx, memory) => {
          if (fork)
            giveUpSession(tx, asked, "the agent had not made the copy when its caller stopped waiting");
          else if (memory.resuming(asked) === "pending") memory.setResuming(asked, "given_up");
          return { value: undefined, out: { lines: [], prompts: [] } };
        });
      }
      throw error;
    },
  );
}

/** @throws DomainError failed_precondition: the agent takes up sessions only at its start */
function requireContinuable(
  { adapter }: RunnerController,
  { id: runner, agent }: RunnerRow,
  session: string,
): void {
  if (!adapter.resumesSessions || adapter.continuesWhileRunning) return;
  throw failedPrecondition(
    "ONE_SESSION",
    `the agent ${agent} takes up a session only when it starts; leave runner_id empty to resume ${session} on a new runner`,
    { session, runner },
  );
}

/** The session once it is on the runner; undefined while the agent has not answered for it. */
function takenUp({ store }: Services, sessionId: string, runnerId: string): string | undefined {
  const session = sessionById(store.read, sessionId);
  const state = store.read.processes.get(runnerId)?.adapterState as StoredMemory | null | undefined;
  const isOpening = session.agentSessionId === null && session.endedAt === null;
  if (state != null && (isOpening || state.resuming?.[sessionId] === "pending")) return undefined;
  const { runnerId: at, status } = session;
  const isLive = status === SessionStatus.IDLE || status === SessionStatus.ACTIVE;
  if (isLive && at === runnerId) return sessionId;
  const why = isLive
    ? `session ${sessionId} is on runner ${at} by now, which was faster`
    : session.reason || `runner ${runnerId} ended before it answered`;
  throw failedPrecondition("RESUME_FAILED", why, { session: sessionId, runner: runnerId });
}
