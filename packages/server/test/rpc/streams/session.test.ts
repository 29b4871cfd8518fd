import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ApprovalState,
  SessionStatus,
  type StreamSessionResponse,
  type TranscriptMessage,
  TurnState,
} from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { failureOf } from "../fixture/failure.js";
import {
  type Clients,
  clientsBy,
  converse,
  open,
  openStreams,
  session,
  ways,
} from "../fixture/stratavore.js";
import { textOf, Watched } from "../fixture/watched.js";

type Request = Parameters<Clients["sessions"]["streamSession"]>[0];

async function all(opened: Clients, request: Request): Promise<StreamSessionResponse[]> {
  const steps: StreamSessionResponse[] = [];
  for await (const step of opened.sessions.streamSession(request)) steps.push(step);
  return steps;
}

/** A stream that is read step by step. */
function following(opened: Clients, request: Request) {
  const stop = new AbortController();
  const stream = opened.sessions.streamSession(request, { signal: stop.signal })[Symbol.asyncIterator]();
  const steps: StreamSessionResponse[] = [];
  return {
    steps,
    /** Reads on until a step is as asked for, and gives it. */
    async until(isIt: (step: StreamSessionResponse) => boolean): Promise<StreamSessionResponse> {
      for (;;) {
        const { value, done } = await stream.next();
        if (done) throw new Error("the stream ended");
        steps.push(value);
        if (isIt(value)) return value;
      }
    },
    end: () => stream.next(),
    stop: () => stop.abort(),
  };
}

const says = (text: string) => (step: StreamSessionResponse) =>
  step.update.case === "delta" &&
  step.update.value.change.case === "appendText" &&
  step.update.value.change.value.includes(text);

const transcript = async (opened: Clients, sessionId: string): Promise<TranscriptMessage[]> =>
  (await opened.sessions.getSessionTranscript({ sessionId })).messages;

/** What the steps that `before` has not seen must add up to. */
function expectRest(
  messages: readonly TranscriptMessage[],
  before: readonly StreamSessionResponse[],
  rest: readonly StreamSessionResponse[],
): void {
  const seen = new Watched(before);
  const told = new Watched(rest);
  const both = new Watched([...before, ...rest]);
  for (const message of messages) {
    const { ordinal } = message;
    const wasWhole = seen.whole.has(ordinal);
    expect(told.whole.has(ordinal)).toBe(!wasWhole);
    expect(both.whole.get(ordinal)).toEqual(message);
    // In the middle of a message, its deltas go on with the next character.
    const wasPartial = !wasWhole && seen.textOf(message).some((text) => text !== "");
    if (wasPartial) expect(both.textOf(message)).toEqual(textOf(message));
    if (wasWhole) expect(told.textOf(message).join("")).toBe("");
  }
  expect(told.whole.size).toBe(messages.length - seen.whole.size);
}

const conversation = [
  "!think Let me see.\n!plan\n!tool\n!chunks 12 5\n!diff a.txt\n!say Done.",
  "!say A line with 😀 and more\n!tool fail\n!image\n!chunks 3",
];

describe("from every cursor of a conversation", () => {
  test("the rest is told, nothing twice and nothing left out", async () => {
    const opened = await open();
    const { sessionId, runnerId } = await session(opened);
    const steps: StreamSessionResponse[] = [];
    for (const text of conversation) {
      const { turn, cursor } = await opened.sessions.sendMessage({ sessionId, text });
      steps.push(...(await all(opened, { sessionId, cursor, untilTurnId: turn!.id })));
    }
    const messages = await transcript(opened, sessionId);
    expectRest(messages, [], steps);
    const live = new Watched(steps);
    for (const message of messages.filter(({ role }) => role === "assistant")) {
      expect(live.textOf(message)).toEqual(textOf(message));
    }
    await opened.runners.stopRunner({ runnerId });
    const inside = steps.filter(({ cursor }) => cursor.includes(".")).length;
    expect(inside).toBeGreaterThan(8);
    for (const [index, { cursor }] of steps.entries()) {
      const rest = await all(opened, { sessionId, cursor });
      expectRest(messages, steps.slice(0, index + 1), rest);
    }
    const fromStart = await all(opened, { sessionId, fromStart: true });
    expect([...new Watched(fromStart).whole.values()]).toEqual(messages);
    expect(new Watched(fromStart).text.size).toBe(0);
  });

  test("also while the message is being written, and from the transcript's own cursor", async () => {
    const opened = await open();
    const { sessionId } = await session(opened);
    const gate = join(opened.folder, "go-on");
    const text = `!think Hm.\n!chunks 3\n!wait ${gate}\n!chunks 2\n!tool\n!say The end.`;
    const { turn, cursor } = await opened.sessions.sendMessage({ sessionId, text });
    const untilTurnId = turn!.id;
    const first = following(opened, { sessionId, cursor, untilTurnId });
    await first.until(says("chunk 3"));
    const half = await opened.sessions.getSessionTranscript({ sessionId });
    expect(half.messages.at(-1)).toMatchObject({ role: "assistant", inProgress: true });
    const places = [...first.steps.map((step) => step.cursor), half.cursor];
    const resumed = places.map((place) => following(opened, { sessionId, cursor: place, untilTurnId }));
    // Each has caught up when it tells how the turn stands.
    await Promise.all(resumed.map(({ until }) => until(({ update }) => update.case === "turn")));
    writeFileSync(gate, "");
    const over = (step: StreamSessionResponse) =>
      step.update.case === "turn" && step.update.value.state === TurnState.COMPLETED;
    await Promise.all([first, ...resumed].map(({ until }) => until(over)));
    const messages = await transcript(opened, sessionId);
    const told = first.steps;
    for (const [index, { steps }] of resumed.entries()) {
      expectRest(messages, told.slice(0, index < places.length - 1 ? index + 1 : places.length - 1), steps);
    }
    for (const { end } of [first, ...resumed]) expect((await end()).done).toBe(true);
  });
});

const runnerOf = async (opened: Clients, sessionId: string) =>
  (await opened.sessions.getSession({ sessionId })).session!.runnerId;

test("complete_messages_only tells whole messages, and positions after whole messages", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  const gate = join(opened.folder, "go-on");
  const { turn, cursor } = await opened.sessions.sendMessage({
    sessionId,
    text: `!chunks 3\n!wait ${gate}\n!chunks 2`,
  });
  const untilTurnId = turn!.id;
  const live = following(opened, { sessionId, cursor, untilTurnId });
  const inside = await live.until(says("chunk 3"));
  expect(inside.cursor).toContain(".");
  const whole = [cursor, inside.cursor].map((place) =>
    all(opened, { sessionId, cursor: place, untilTurnId, completeMessagesOnly: true }),
  );
  writeFileSync(gate, "");
  const messages = await transcriptWhenOver(opened, sessionId, untilTurnId);
  const [fromBefore, fromInside] = (await Promise.all(whole)) as [
    StreamSessionResponse[],
    StreamSessionResponse[],
  ];
  expect([...new Watched(fromBefore).whole.values()]).toEqual(messages);
  expect([...new Watched(fromInside).whole.values()]).toEqual(messages.slice(1));
  for (const step of fromBefore) {
    expect(step.update.case).not.toBe("delta");
    expect(step.cursor).not.toContain(".");
  }
  live.stop();
});

async function transcriptWhenOver(opened: Clients, sessionId: string, untilTurnId: string) {
  await all(opened, { sessionId, untilTurnId });
  return await transcript(opened, sessionId);
}

test("until_turn_id ends the stream with the turn as it ended, however long ago", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  const first = await converse(opened, sessionId, "!say one");
  await converse(opened, sessionId, "!say two");
  const steps = await all(opened, { sessionId, untilTurnId: first });
  const turns = steps.flatMap(({ update }) => (update.case === "turn" ? [update.value] : []));
  expect(turns).toContainEqual(expect.objectContaining({ id: first, state: TurnState.COMPLETED }));
  expect(steps.some(({ update }) => update.case === "message")).toBe(false);
  for (const untilTurnId of [
    "turn_x",
    await converse(opened, (await another(opened, sessionId)).id, "!say x"),
  ]) {
    expect(await failureOf(opened.sessions.streamSession({ sessionId, untilTurnId }))).toMatchObject({
      code: Code.NotFound,
      reason: "TURN_NOT_FOUND",
    });
  }
});

async function another(opened: Clients, sessionId: string) {
  const runnerId = await runnerOf(opened, sessionId);
  return (await opened.sessions.createSession({ runnerId })).session!;
}

test("watchers do not hold each other up; a slow one is told all turns and approvals to their end", async () => {
  const opened = await open();
  const { sessionId, runnerId } = await session(opened);
  const slow = following(opened, { sessionId, fromStart: true });
  const quick = following(opened, { sessionId, fromStart: true });
  await slow.until(() => true);
  const texts = ["!say one", "!permission Go\n!say two", "!say three", "!say four"];
  const sent = [];
  for (const text of texts) sent.push((await opened.sessions.sendMessage({ sessionId, text })).turn!.id);
  const asked = await quick.until(({ update }) => update.case === "approval");
  const { id, state } = asked.update.value as { id: string; state: ApprovalState };
  expect(state).toBe(ApprovalState.PENDING);
  // The slow one sees that it is asked, and sleeps until all is over.
  await slow.until(({ update }) => update.case === "approval");
  await opened.approvals.resolveApproval({ approvalId: id, answer: { case: "allow", value: false } });
  await all(opened, { sessionId, untilTurnId: sent.at(-1)! });
  await opened.runners.stopRunner({ runnerId, force: true });
  for (const watcher of [slow, quick]) {
    await expect(watcher.until(() => false)).rejects.toThrow("the stream ended");
    const last = (kind: "turn" | "approval", of: string) =>
      watcher.steps
        .flatMap(({ update }) => (update.case === kind && update.value.id === of ? [update.value] : []))
        .at(-1);
    for (const turn of sent) expect(last("turn", turn)).toMatchObject({ state: TurnState.COMPLETED });
    expect(last("approval", id)).toMatchObject({ state: ApprovalState.REJECTED });
    const statuses = watcher.steps.flatMap(({ update }) =>
      update.case === "session" ? [update.value.status] : [],
    );
    expect(statuses.at(-1)).toBe(SessionStatus.RESUMABLE);
  }
  expect([...new Watched(slow.steps).whole.values()]).toEqual(await transcript(opened, sessionId));
  const told = slow.steps.map(({ update }) =>
    JSON.stringify(update, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  );
  expect(new Set(told).size).toBe(told.length);
});

test("a stream of a session that has left its runner tells it whole and ends", async () => {
  const opened = await open();
  const { sessionId, runnerId } = await session(opened);
  await converse(opened, sessionId, "!say one");
  await opened.runners.stopRunner({ runnerId });
  const steps = await all(opened, { sessionId, fromStart: true });
  expect(steps.map(({ update }) => update.case)).toEqual(["message", "message", "session", "turn"]);
  expect((await all(opened, { sessionId })).map(({ update }) => update.case)).toEqual(["session", "turn"]);
});

test("what is no cursor, or one that was not reached, is refused", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  await converse(opened, sessionId, "!say one");
  const refusal = (request: Request) => failureOf(opened.sessions.streamSession(request));
  for (const cursor of ["x", "1.", ".1", "1.2", "-1", "1.2.3.4", "1e3", "9".repeat(19)]) {
    expect(await refusal({ sessionId, cursor })).toMatchObject({
      code: Code.InvalidArgument,
      fields: ["cursor"],
    });
  }
  for (const cursor of ["3", "999", "2.0.4", "2.1.0", "3.0.0"]) {
    expect(await refusal({ sessionId, cursor })).toMatchObject({
      code: Code.OutOfRange,
      details: { cursor },
    });
  }
  expect((await refusal({ sessionId, cursor: "1", fromStart: true })).code).toBe(Code.InvalidArgument);
  expect(await refusal({ sessionId: "session_x" })).toMatchObject({
    code: Code.NotFound,
    details: { session: "session_x" },
  });
});

test.each(ways)(
  "%s: streams end as UNAVAILABLE when the server closes, and hold nothing when left",
  async (way) => {
    const opened = await open();
    const clients = await clientsBy(way, opened);
    const { sessionId } = await session(opened);
    const left = following(clients, { sessionId, fromStart: true });
    const kept = following(clients, { sessionId, fromStart: true });
    await left.until(() => true);
    await kept.until(({ update }) => update.case === "session");
    await expect.poll(() => openStreams(opened)).toBe(2n);
    left.stop();
    await expect.poll(() => openStreams(opened)).toBe(1n);
    const end = kept.end().then(String, (error) => ConnectError.from(error).code);
    await opened.server.close();
    expect(await end).toBe(Code.Unavailable);
  },
);
