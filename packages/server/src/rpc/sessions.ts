import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  CreateSessionRequestSchema,
  type CreateSessionResponse,
  CreateSessionResponseSchema,
  type Part,
  PartSchema,
  RunnerStatus,
  type SendMessageRequest,
  SendMessageRequestSchema,
  SendMessageResponseSchema,
  type SessionService,
  SessionStatus,
  WhenBusy,
} from "@stratavore/proto";
import type { AgentAdapter } from "../agents/index.js";
import { checkBudgets } from "../domain/budgets/refusal.js";
import { failedPrecondition, invalidField } from "../domain/errors.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { sessionById } from "../domain/sessions.js";
import { checkTokenQuota } from "../domain/token-quota.js";
import { queueTurn } from "../domain/turns.js";
import { sessionMessage, turnMessage } from "../domain/views/session.js";
import type { RunnerRow, SessionRow } from "../store/index.js";
import { dispatchTurn, steer } from "../supervise/runner/dispatch.js";
import { cancelTurn as cancelRunning } from "../supervise/runner/leave.js";
import { askForSession, giveUpSession } from "../supervise/runner/open-session.js";
import { waitFor } from "../supervise/wait-for.js";
import { callerOf, scopeOf } from "./caller.js";
import { requireIdle } from "./continuable.js";
import { isRowKey, keyOf, limitOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";
import { appendTranscript } from "./session-append.js";
import { cancelTurn, endSession } from "./session-end.js";
import { createExternalSession } from "./session-external.js";
import { resumeSession } from "./session-resume.js";
import { searchTranscripts } from "./session-search.js";
import { cursorText } from "./streams/cursor.js";
import { openStream } from "./streams/open-stream.js";
import { streamSession } from "./streams/session.js";
import { beforeInProgress } from "./streams/start.js";
import { readTranscript } from "./transcript.js";

/** How long an agent may take to open a session. */
const openTimeoutMs = 60_000;

export function sessionService(services: Services): ServiceImpl<typeof SessionService> {
  const { store, supervisor, closing } = services;

  return {
    async createSession(request, context) {
      const { runnerId, model, metadata } = request;
      const repeat = repeatable(scopeOf(context), CreateSessionRequestSchema, request);
      const ending = AbortSignal.any([context.signal, closing, AbortSignal.timeout(openTimeoutMs)]);
      const before = answeredBefore(store.read, repeat, CreateSessionResponseSchema);
      const isExternal = store.read.runners.byId(runnerId)?.external === true;
      if (before !== undefined) return isExternal ? before : await opened(before, ending);
      if (isExternal) return await createExternalSession(services, request, repeat);
      const runner = await supervisor.settled(runnerId, ending);
      const controller = supervisor.live(runner);
      requireRoom(controller.adapter, runner);
      const intended = await controller.change((tx, memory) => {
        const { answer, effect } = once(tx, repeat, CreateSessionResponseSchema, () => {
          const now = runnerById(tx, runnerId);
          supervisor.requireRunning(now);
          requireRoom(memory.adapter, now);
          requireIdle(tx, now.sessionId);
          const input = { model: model || now.model, metadata, title: "" };
          const { session, lines } = askForSession(tx, now, memory, controller.cwd, input);
          const answer = create(CreateSessionResponseSchema, { session: sessionMessage(session) });
          return { answer, effect: lines };
        });
        return { value: answer, out: { lines: effect ?? [], prompts: [] } };
      });
      return await opened(intended, ending);
    },

    getSession: ({ sessionId }) =>
      store.snapshot((read) => ({
        session: sessionMessage(sessionById(read, sessionId), read.turns.latest(sessionId)),
        asOfEventId: eventId(store.epoch, read.events.head()),
      })),

    listSessions: ({ projectName, runnerId, status, resumableOnly, limit, offset, pageToken }) =>
      store.snapshot((read) => {
        const size = limitOf(limit);
        const statuses = status === SessionStatus.UNSPECIFIED ? undefined : [status];
        const resumable = [SessionStatus.RESUMABLE];
        const impossible = resumableOnly && statuses !== undefined && status !== SessionStatus.RESUMABLE;
        const page = impossible
          ? { rows: [], total: 0 }
          : read.sessions.list({
              projectName: projectName || undefined,
              runnerId: runnerId || undefined,
              statuses: resumableOnly ? resumable : statuses,
              limit: size + 1,
              offset,
              afterKey: keyOf(pageToken, isRowKey),
            });
        const rows: SessionRow[] = page.rows.slice(0, size);
        const hasMore = page.rows.length > size;
        const last = rows.at(-1);
        return {
          sessions: rows.map((row) => sessionMessage(row, read.turns.latest(row.id))),
          totalCount: page.total,
          hasMore,
          nextPageToken: hasMore && last ? tokenOf({ createdAt: last.createdAt, id: last.id }) : "",
          asOfEventId: eventId(store.epoch, read.events.head()),
        };
      }),

    resumeSession: (request, context) => resumeSession(services, request, context),
    cancelTurn: (request, context) => cancelTurn(services, request, context),
    endSession: (request, context) => endSession(services, request, context),
    appendTranscript: (request, context) => appendTranscript(services, request, context),
    searchTranscripts: (request) => searchTranscripts(services, request),
    getSessionTranscript: (request) => readTranscript(services, request),

    async sendMessage(request, context) {
      const parts = partsOf(request);
      const repeat = repeatable(scopeOf(context), SendMessageRequestSchema, request);
      const before = answeredBefore(store.read, repeat, SendMessageResponseSchema);
      if (before !== undefined) return before;
      const session = sessionById(store.read, request.sessionId);
      // A session outlives its runner's record.
      const runner = store.read.runners.byId(session.runnerId);
      if (runner === undefined || session.status === SessionStatus.ENDED) requireActive(session, undefined);
      if (runner.external) {
        throw failedPrecondition(
          "EXTERNAL_RUNNER",
          `runner ${runner.id} is external: its owner speaks to it, and adds what is said with AppendTranscript`,
          { session: session.id, runner: runner.id },
        );
      }
      const controller = supervisor.live(runner);
      if (!controller.adapter.takesMessages) {
        throw failedPrecondition(
          "NO_INPUT",
          `runner ${runner.id} reads no messages: set spec.input to give it an input`,
        );
      }
      return await controller.change((tx, memory) => {
        const { answer, effect } = once(tx, repeat, SendMessageResponseSchema, () => {
          const now = sessionById(tx, session.id);
          requireActive(now, runnerById(tx, runner.id));
          const project = tx.projects.byUid(now.projectUid);
          if (project !== undefined) {
            checkTokenQuota(tx, project, Date.now(), runnerById(tx, runner.id));
            checkBudgets(tx, project, Date.now(), runnerById(tx, runner.id));
          }
          refuseParts(request, memory.adapter.refusal(parts));
          const running = tx.turns.running(now.id);
          if (running !== undefined && request.whenBusy === WhenBusy.REJECT) {
            throw failedPrecondition(
              "TURN_RUNNING",
              `turn ${running.id} runs; wait for it, or let this message queue`,
            );
          }
          const cursor = cursorText(beforeInProgress(tx, now));
          const turn = queueTurn(tx, now, parts, callerOf(context));
          const steers = request.whenBusy === WhenBusy.STEER;
          if (steers) steer(memory, turn.id);
          const lines = steers ? cancelRunning(tx, now, memory) : [];
          const prompts = dispatchTurn(tx, now, memory);
          const accepted = turnMessage(tx.turns.byId(turn.id)!);
          return {
            answer: create(SendMessageResponseSchema, { turn: accepted, cursor }),
            effect: { lines, prompts },
          };
        });
        return { value: answer, out: effect ?? { lines: [], prompts: [] } };
      });
    },

    streamSession: (request, { signal }) =>
      openStream(services, signal, (ending) => streamSession(store, request, ending)),
  };

  /** What was intended, once the agent has answered; a refusal is an error. */
  async function opened(
    { session: intended }: CreateSessionResponse,
    ending: AbortSignal,
  ): Promise<CreateSessionResponse> {
    const { id } = intended!;
    const answered = () => {
      const row = sessionById(store.read, id);
      if (row.agentSessionId !== null) return row;
      if (row.status === SessionStatus.ENDED)
        throw failedPrecondition("SESSION_REFUSED", row.reason, { session: id });
      return undefined;
    };
    const row = await waitFor(store, [`session:${id}`], answered, ending).catch(async (error) => {
      // What nobody waits for any more must not open later and push the active session aside.
      if (error instanceof DOMException && error.name === "TimeoutError") {
        await store.transaction((tx) => giveUpSession(tx, id, "the agent did not open it in time"));
      }
      throw error;
    });
    return create(CreateSessionResponseSchema, { session: sessionMessage(row) });
  }
}

function requireRoom({ hasRoom }: AgentAdapter, { id, agent, sessionId }: RunnerRow): void {
  if (hasRoom) return;
  throw failedPrecondition(
    "ONE_SESSION",
    `the agent ${agent} holds one session${sessionId === null ? "" : `, ${sessionId}`}, which is its process; create another runner for another one`,
    { runner: id, session: sessionId ?? "" },
  );
}

function refuseParts({ text }: SendMessageRequest, refused: ReturnType<AgentAdapter["refusal"]>): void {
  if (refused === undefined) return;
  throw invalidField(`parts[${refused.index - (text === "" ? 0 : 1)}]`, refused.why);
}

function requireActive(session: SessionRow, runner: undefined): never;
function requireActive(session: SessionRow, runner: RunnerRow | undefined): void;
function requireActive(session: SessionRow, runner: RunnerRow | undefined): void {
  const { id, reason } = session;
  if (id === runner?.sessionId) return;
  const status = SessionStatus[session.status as SessionStatus];
  const refused = (why: string) =>
    failedPrecondition("SESSION_NOT_ACTIVE", `session ${id} is ${why}`, { session: id, status });
  if (session.status === SessionStatus.ENDED)
    throw refused(`ENDED${reason === "" ? "" : ` (${reason})`}; open a new one`);
  if (runner?.status === RunnerStatus.STARTING)
    throw refused(`${status}, and runner ${runner.id} is STARTING; wait until that is RUNNING`);
  throw refused(`${status} and not its runner's active one; resume it, or open a new session`);
}

function partsOf({ text, parts }: SendMessageRequest): Part[] {
  const all = text === "" ? [] : [create(PartSchema, { kind: { case: "text", value: text } })];
  parts.forEach((part, index) => {
    if (part.kind.case !== "text" && part.kind.case !== "blob") {
      throw invalidField(`parts[${index}]`, "a message holds text and blobs only");
    }
    all.push(part);
  });
  return all;
}
