import { Code } from "@connectrpc/connect";
import { EventType, RunnerStatus, SessionStatus, TranscriptFormat } from "@stratavore/proto";
import { expect, test } from "vitest";
import { external, heardExternal, withProject } from "./fixture/external.js";
import { failureOf } from "./fixture/failure.js";
import { type Opened, recordedTypes, runner } from "./fixture/stratavore.js";

const sessionOn = async ({ sessions }: Opened, runnerId: string, more: object = {}) =>
  (await sessions.createSession({ runnerId, ...more })).session!;

test("a session is a record at once, also before the first heartbeat, and a repeat gets the same", async () => {
  const server = await withProject();
  const runnerId = await external(server, { model: "big", spec: { agent: "home-made" } });
  const request = { runnerId, metadata: { a: "b" }, requestId: "s" };
  const first = await server.sessions.createSession(request);
  expect(first.session).toMatchObject({
    runnerId,
    status: SessionStatus.IDLE,
    agent: "home-made",
    model: "big",
    metadata: { a: "b" },
    agentSessionId: "",
  });
  expect(await server.sessions.createSession(request)).toEqual(first);
  const { runner: now } = await server.runners.getRunner({ runnerId });
  expect(now).toMatchObject({ status: RunnerStatus.STARTING, sessionId: first.session!.id });
  await server.runners.heartbeat({ runnerId });
  expect(await recordedTypes(server, [EventType.SESSION_CREATED])).toHaveLength(1);
  const { session: named } = await server.sessions.createSession({
    runnerId: await heardExternal(server),
    model: "small",
  });
  expect(named!.model).toBe("small");
});

test("it is the only one until it is ended, and none opens on a runner that is held back or has ended", async () => {
  const server = await withProject();
  const { runners, sessions } = server;
  const runnerId = await heardExternal(server);
  const first = await sessionOn(server, runnerId);
  const create = () => failureOf(sessions.createSession({ runnerId }));
  expect(await create()).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "ONE_SESSION",
    details: { session: first.id },
  });
  const { session: ended } = await sessions.endSession({ sessionId: first.id });
  expect(ended).toMatchObject({ status: SessionStatus.ENDED, reason: "ended on request" });
  expect((await runners.getRunner({ runnerId })).runner!.sessionId).toBe("");
  const second = await sessionOn(server, runnerId);
  expect(second.id).not.toBe(first.id);
  await sessions.endSession({ sessionId: second.id });
  await runners.pauseRunner({ runnerId });
  expect((await create()).reason).toBe("RUNNER_NOT_RUNNING");
  await runners.stopRunner({ runnerId, force: true });
  expect((await create()).reason).toBe("RUNNER_NOT_RUNNING");
});

test("its owner writes the transcript, which is read, searched and counted as any", async () => {
  const server = await withProject();
  const { runners, sessions } = server;
  const runnerId = await heardExternal(server);
  const { id: sessionId } = await sessionOn(server, runnerId);
  const request = {
    sessionId,
    requestId: "a",
    messages: [
      { role: "user", content: "count the llamas" },
      { role: "assistant", content: "forty-two", usage: { inputTokens: 100n, outputTokens: 20n } },
    ],
  };
  const appended = await sessions.appendTranscript(request);
  expect(appended.lastOrdinal).toBe(2n);
  expect(await sessions.appendTranscript(request)).toEqual(appended);
  const { messages } = await sessions.getSessionTranscript({ sessionId, format: TranscriptFormat.JSON });
  expect(messages.map(({ role, content }) => [role, content])).toEqual([
    ["user", "count the llamas"],
    ["assistant", "forty-two"],
  ]);
  expect((await sessions.searchTranscripts({ query: "llamas" })).hits).toMatchObject([{ sessionId }]);
  const { session } = await sessions.getSession({ sessionId });
  expect(session).toMatchObject({ messageCount: 2n, tokenCount: 120n });
  const { runner: now, metrics } = await runners.getRunner({ runnerId, includeMetrics: true });
  expect([now!.usage!.inputTokens, metrics!.tokensUsed]).toEqual([100n, 120n]);
  const told = await runners.heartbeat({ runnerId, resourceUsage: { tokensUsed: 7n } });
  expect(told.runner!.resourceUsage!.tokensUsed).toBe(120n);
});

test("a watcher sees what is appended, from the answer's cursor on", async () => {
  const server = await withProject();
  const { sessions } = server;
  const { id: sessionId } = await sessionOn(server, await heardExternal(server));
  const say = (content: string) =>
    sessions.appendTranscript({ sessionId, messages: [{ role: "assistant", content }] });
  const { cursor } = await say("one");
  const seen: string[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    const stream = sessions.streamSession({ sessionId, cursor }, { signal: stop.signal });
    for await (const { update } of stream) {
      if (update.case === "message") seen.push(update.value.content);
      if (seen.length === 2) return;
    }
  })();
  await say("two");
  await say("three");
  await watching;
  stop.abort();
  expect(seen).toEqual(["two", "three"]);
});

test("nobody sends it messages, cancels its turns, resumes or forks it", async () => {
  const server = await withProject();
  const { sessions } = server;
  const runnerId = await heardExternal(server, { spec: { agent: "demo" } });
  const { id: sessionId } = await sessionOn(server, runnerId);
  const sent = await failureOf(sessions.sendMessage({ sessionId, text: "hello" }));
  expect(sent).toMatchObject({ code: Code.FailedPrecondition, reason: "EXTERNAL_RUNNER" });
  expect(sent.message).toContain("AppendTranscript");
  expect((await failureOf(sessions.cancelTurn({ sessionId }))).code).toBe(Code.FailedPrecondition);
  const copy = await failureOf(sessions.resumeSession({ sessionId, fork: true }));
  expect(copy).toMatchObject({ code: Code.FailedPrecondition, reason: "CANNOT_RESUME" });
  const spec = { agent: "demo", resumeSessionId: sessionId, forkSession: true };
  const launched = await failureOf(server.runners.createRunner({ projectName: "web", spec }));
  expect(launched.reason).toBe("CANNOT_RESUME");
});

test("an external runner takes up no session of another one, and does not keep the caller waiting", async () => {
  const server = await withProject();
  const { runners, sessions } = server;
  const demo = await runner(server);
  const { id: sessionId } = await sessionOn(server, demo);
  await runners.stopRunner({ runnerId: demo });
  const runnerId = await external(server, { spec: { agent: "demo" } });
  expect(await failureOf(sessions.resumeSession({ sessionId, runnerId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "EXTERNAL_RUNNER",
  });
});

test("it ends with its runner, for good", async () => {
  const server = await withProject();
  const { runners, sessions } = server;
  const runnerId = await heardExternal(server);
  const { id: sessionId } = await sessionOn(server, runnerId);
  await runners.heartbeat({ runnerId, ended: true, error: "it fell over" });
  const { session } = await sessions.getSession({ sessionId });
  expect(session).toMatchObject({ status: SessionStatus.ENDED, reason: "it fell over" });
  expect(session!.endedAt).toBeDefined();
  const append = sessions.appendTranscript({ sessionId, messages: [{ role: "user", content: "x" }] });
  expect((await failureOf(append)).reason).toBe("SESSION_ENDED");
  expect((await failureOf(sessions.resumeSession({ sessionId }))).reason).toBe("SESSION_ENDED");
});
