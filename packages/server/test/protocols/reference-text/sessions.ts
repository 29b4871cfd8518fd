import { expect } from "vitest";
import { type Drive, refused } from "./reader.js";

const idsOf = ({ sessions }: { sessions: { id: string }[] }) => sessions.map(({ id }) => id);

export const sessions: Record<string, Drive> = {
  async CreateSession(reader) {
    await reader.project();
    const id = await reader.running();
    const metadata = { ticket: "17" };
    expect(await reader.sessions.unary("CreateSession", { runner_id: id, metadata })).toEqual({});
    expect(await reader.sessionOf(id)).toMatchObject({
      runner_id: id,
      project_name: "web",
      status: "SESSION_STATUS_IDLE",
      metadata,
    });
    await reader.runners.unary("StopRunner", { runner_id: id });
    expect(await refused(reader.sessions.unary("CreateSession", { runner_id: id }))).toBe(
      "FAILED_PRECONDITION",
    );
  },

  async GetSession(reader) {
    const { runnerId, sessionId } = await reader.conversation();
    expect(await reader.sessions.unary("GetSession", { session_id: sessionId })).toEqual({});
    expect(await refused(reader.sessions.unary("GetSession", { session_id: "none" }))).toBe("NOT_FOUND");
    const get = reader.completed("SessionService").unary("GetSession", { session_id: sessionId });
    expect((await get).session).toMatchObject({ id: sessionId, runner_id: runnerId, token_count: 120 });
  },

  async ListSessions(reader) {
    const first = await reader.conversation();
    // What the runner holds from here on; the first can be taken up again.
    await reader.sessions.unary("CreateSession", { runner_id: first.runnerId });
    const { id: second } = await reader.sessionOf(first.runnerId);
    const requests = { project_name: "web", runner_id: first.runnerId, limit: 1, offset: 1 };
    expect(await reader.sessions.unary("ListSessions", requests)).toEqual({});
    expect(await refused(reader.sessions.unary("ListSessions", { limit: -1 }))).toBe("INVALID_ARGUMENT");
    const list = (request: object) => reader.completed("SessionService").unary("ListSessions", request);
    expect(idsOf(await list({}))).toEqual([second, first.sessionId]);
    expect(idsOf(await list(requests))).toEqual([first.sessionId]);
    expect(idsOf(await list({ project_name: "other" }))).toEqual([]);
    expect(idsOf(await list({ resumable_only: true }))).toEqual([first.sessionId]);
    expect(idsOf(await list({ status: "SESSION_STATUS_IDLE" }))).toEqual([second]);
    expect(await list({ limit: 1 })).toMatchObject({ total_count: 2, has_more: true });
  },

  async ResumeSession(reader) {
    const { runnerId, sessionId } = await reader.conversation();
    const resume = (more: object) =>
      reader.sessions.unary("ResumeSession", { session_id: sessionId, ...more });
    await reader.runners.unary("StopRunner", { runner_id: runnerId });
    expect(await resume({})).toEqual({});
    const { runners } = await reader.runners.unary("ListRunners", { status: "RUNNER_STATUS_RUNNING" });
    expect(runners).toHaveLength(1);
    expect(runners[0].id).not.toBe(runnerId);
    expect(await reader.sessionOf(runners[0].id)).toMatchObject({ id: sessionId, token_count: 120 });
    const another = await reader.running();
    // It is live on the runner above.
    expect(await refused(resume({ runner_id: another }))).toBe("FAILED_PRECONDITION");
    await reader.runners.unary("StopRunner", { runner_id: runners[0].id });
    // This agent cannot.
    expect(await refused(resume({ runner_id: another, fork: true }))).toBe("FAILED_PRECONDITION");
    expect(await resume({ runner_id: another })).toEqual({});
    expect(await reader.sessionOf(another)).toMatchObject({ id: sessionId, runner_id: another });
    const { messages } = await reader.sessions.unary("GetSessionTranscript", { session_id: sessionId });
    expect(messages.at(-1)).toMatchObject({ role: "assistant", content: "It works." });
  },

  async GetSessionTranscript(reader) {
    const { sessionId } = await reader.conversation();
    const get = (more: object) =>
      reader.sessions.unary("GetSessionTranscript", { session_id: sessionId, ...more });
    const messages = [
      { role: "user", content: "!say It works.\n!usage 100 20" },
      { role: "assistant", content: "It works." },
    ];
    const answer = await get({});
    expect(answer).toMatchObject({ session_id: sessionId, messages, metadata: null, total_tokens: 120 });
    const times = [
      answer.created_at,
      ...answer.messages.map((each: { timestamp: object }) => each.timestamp),
    ];
    expect(times).not.toContain(null);
    expect(await get({ include_metadata: true })).toMatchObject({ messages, metadata: {} });
    for (const format of ["JSON", "TEXT", "MARKDOWN"])
      expect(await get({ format: `TRANSCRIPT_FORMAT_${format}` })).toMatchObject({ messages });
  },
};
