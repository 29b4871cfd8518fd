import { Code } from "@connectrpc/connect";
import { SessionStatus, TranscriptFormat, TurnState, WhenBusy } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, open, project, runner, session } from "./fixture/stratavore.js";

test("CreateSession keeps what is set, and needs a live runner whose agent opens sessions", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const { session: made } = await opened.sessions.createSession({
    runnerId,
    model: "demo-fast",
    metadata: { issue: "7" },
  });
  expect(made).toMatchObject({
    runnerId,
    projectName: "web",
    status: SessionStatus.IDLE,
    model: "demo-fast",
    metadata: { issue: "7" },
    agent: "demo",
    messageCount: 0n,
  });
  const { session: second } = await opened.sessions.createSession({ runnerId });
  expect(second).toMatchObject({ model: "demo", metadata: {} });
  const { session: first } = await opened.sessions.getSession({ sessionId: made!.id });
  expect(first!.status).toBe(SessionStatus.RESUMABLE);
  const exec = await runner(opened, { agent: "exec", args: ["sleep", "60"] });
  expect(await failureOf(opened.sessions.createSession({ runnerId: exec }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "ONE_SESSION",
  });
  await opened.runners.stopRunner({ runnerId, force: true });
  expect(await failureOf(opened.sessions.createSession({ runnerId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "RUNNER_NOT_LIVE",
  });
});

test("a list is narrowed by project, runner, status and whether it can be resumed", async () => {
  const opened = await open();
  const { runnerId, sessionId: older } = await session(opened);
  const { session: made } = await opened.sessions.createSession({ runnerId });
  const newer = made!.id;
  const other = await runner(opened, { agent: "exec", args: ["true"] });
  await opened.runners.waitRunner({ runnerId: other });
  const idsOf = async (request: object) => {
    const { sessions, totalCount } = await opened.sessions.listSessions(request);
    expect(totalCount).toBe(sessions.length);
    return sessions.map(({ id }) => id);
  };
  expect(await idsOf({ runnerId })).toEqual([newer, older]);
  expect(await idsOf({ projectName: "web" })).toHaveLength(3);
  expect(await idsOf({ projectName: "other" })).toEqual([]);
  expect(await idsOf({ status: SessionStatus.IDLE })).toEqual([newer]);
  expect(await idsOf({ resumableOnly: true })).toEqual([older]);
  expect(await idsOf({ resumableOnly: true, status: SessionStatus.IDLE })).toEqual([]);
  expect(await idsOf({ status: SessionStatus.ENDED })).toHaveLength(1);
});

test("a message to a busy agent waits, is refused, or takes over, as asked", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  const send = (text: string, whenBusy = WhenBusy.UNSPECIFIED) =>
    opened.sessions.sendMessage({ sessionId, text, whenBusy });
  const first = await send("!sleep 60000");
  const waiting = await send("!say two");
  expect(waiting.turn!.state).toBe(TurnState.QUEUED);
  expect(await failureOf(send("!say no", WhenBusy.REJECT))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "TURN_RUNNING",
  });
  const last = await send("!say three", WhenBusy.STEER);
  const states = new Map<string, TurnState>();
  const stream = opened.sessions.streamSession({
    sessionId,
    cursor: first.cursor,
    untilTurnId: waiting.turn!.id,
  });
  for await (const { update } of stream) {
    if (update.case === "turn") states.set(update.value.id, update.value.state);
  }
  expect([first, waiting, last].map(({ turn }) => TurnState[states.get(turn!.id)!])).toEqual([
    "CANCELLED",
    "COMPLETED",
    "COMPLETED",
  ]);
  expect((await send("!say four", WhenBusy.REJECT)).turn).toBeDefined();
});

test("a message goes to the active session of a live runner that reads", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  await opened.sessions.createSession({ runnerId });
  expect(await failureOf(opened.sessions.sendMessage({ sessionId, text: "hi" }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "SESSION_NOT_ACTIVE",
    details: { status: "RESUMABLE" },
  });
  const deaf = await runner(opened, { agent: "exec", args: ["sleep", "60"] });
  const { runner: facts } = await opened.runners.getRunner({ runnerId: deaf });
  expect(
    await failureOf(opened.sessions.sendMessage({ sessionId: facts!.sessionId, text: "hi" })),
  ).toMatchObject({ code: Code.FailedPrecondition, reason: "NO_INPUT" });
  expect((await failureOf(opened.sessions.sendMessage({ sessionId: "s", text: "hi" }))).reason).toBe(
    "SESSION_NOT_FOUND",
  );
});

test("text and files of a message reach the agent and the transcript", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  const data = new TextEncoder().encode("in a file");
  const blob = { mimeType: "text/plain", data, name: "a.txt", uri: "file:///a.txt" };
  const { turn } = await opened.sessions.sendMessage({
    sessionId,
    text: "!echo\nfirst",
    parts: [{ kind: { case: "text", value: "second" } }, { kind: { case: "blob", value: blob } }],
  });
  for await (const _ of opened.sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  expect(messages[0]!.parts.map(({ kind }) => kind.case)).toEqual(["text", "text", "blob"]);
  expect(messages[1]!.content).toContain("first");
  expect(messages[1]!.content).toContain("second");
});

test("a transcript comes whole, in pages, and as text; what is too large must be paged", async () => {
  const opened = await open({ maxTranscriptBytes: 100_000 });
  const { sessionId } = await session(opened);
  for (const text of ["!say one", "!say two", "!say three"]) await converse(opened, sessionId, text);
  const whole = await opened.sessions.getSessionTranscript({ sessionId });
  expect(whole.messages.map(({ ordinal }) => ordinal)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(whole).toMatchObject({ rendered: "", nextPageToken: "", cursor: "6" });
  expect(whole.metadata).toBeUndefined();
  const [text, markdown] = await Promise.all(
    [TranscriptFormat.TEXT, TranscriptFormat.MARKDOWN].map((format) =>
      opened.sessions.getSessionTranscript({ sessionId, format, includeMetadata: true }),
    ),
  );
  expect(text!.rendered).toContain("assistant:\ntwo");
  expect(markdown!.rendered).not.toBe(text!.rendered);
  expect(text!.messages).toEqual(whole.messages);
  expect(text!.metadata).toMatchObject({ agent: "demo", messageCount: 6n });
  const paged = [];
  for (let pageToken = ""; ; ) {
    const page = await opened.sessions.getSessionTranscript({ sessionId, pageSize: 4, pageToken });
    paged.push(...page.messages);
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
    expect(page.cursor).toBe("4");
  }
  expect(paged).toEqual(whole.messages);
  await converse(opened, sessionId, "!flood 200000");
  expect(await failureOf(opened.sessions.getSessionTranscript({ sessionId }))).toMatchObject({
    code: Code.ResourceExhausted,
    reason: "TRANSCRIPT_TOO_LARGE",
    details: { limit_bytes: "100000" },
  });
  expect((await opened.sessions.getSessionTranscript({ sessionId, pageSize: 6 })).messages).toEqual(
    whole.messages,
  );
});

test("a page ends early where stock clients would refuse it", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  await converse(opened, sessionId, "!flood 8000000");
  const sizes: number[] = [];
  let read = 0;
  for (let pageToken = ""; ; ) {
    const page = await opened.sessions.getSessionTranscript({ sessionId, pageSize: 1000, pageToken });
    sizes.push(page.messages.reduce((sum, { content }) => sum + 2 * Buffer.byteLength(content), 0));
    read += page.messages.length;
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(sizes.length).toBeGreaterThan(3);
  expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024);
  const { session: facts } = await opened.sessions.getSession({ sessionId });
  expect(BigInt(read)).toBe(facts!.messageCount);
});
