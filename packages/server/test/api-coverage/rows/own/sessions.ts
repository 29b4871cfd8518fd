import { RunnerStatus, SessionStatus, WhenBusy } from "@stratavore/proto";
import { converse, type Opened, project, session } from "../../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../../row.js";
import { conversation } from "../agents.js";

const prepare = (server: Opened) => project(server);
const refused = ["refused", "INVALID_ARGUMENT session_id"] as const;
const idle = async (server: Opened) => (await session(server)).sessionId;
const bySession = (sessionId: string) => ({ sessionId });

async function contents({ sessions }: Opened, sessionId: string): Promise<string[]> {
  const { messages } = await sessions.getSessionTranscript({ sessionId });
  return messages.map(({ content }) => content);
}

const sendMessage: readonly Row[] = [
  row({
    rpc: "SendMessage",
    field: "session_id",
    unset: refused,
    set: ["it is said in that session", true],
    value: bySession,
    prepare: idle,
    see: async ({ sessions }, given, sessionId) =>
      (await sessions.sendMessage({ text: "!say hello", ...given })).turn?.sessionId === sessionId,
  }),
  row({
    rpc: "SendMessage",
    field: "text",
    unset: ["refused without parts", "INVALID_ARGUMENT "],
    set: ["it is said", "hello"],
    value: { text: "!say hello" },
    prepare: idle,
    async see(server, given, sessionId) {
      const { turn } = await server.sessions.sendMessage({ sessionId, ...given });
      for await (const _ of server.sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
      return (await contents(server, sessionId)).at(-1);
    },
  }),
  row({
    rpc: "SendMessage",
    field: "parts",
    unset: ["the text alone", 1],
    set: ["they are sent after it", 2],
    value: { parts: [{ kind: { case: "text", value: "more" } }] },
    prepare: idle,
    async see({ sessions }, given, sessionId) {
      const { turn } = await sessions.sendMessage({ sessionId, text: "!say hello", ...given });
      for await (const _ of sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
      const { messages } = await sessions.getSessionTranscript({ sessionId });
      return messages.findLast(({ role }) => role === "user")!.parts.length;
    },
  }),
  row({
    rpc: "SendMessage",
    field: "when_busy",
    unset: ["it waits while a turn runs", "taken"],
    set: ["it waits, goes first or is refused, as asked for", "FAILED_PRECONDITION TURN_RUNNING"],
    value: { whenBusy: WhenBusy.REJECT },
    prepare,
    async see(server, given) {
      const sessionId = await conversation(server, "web");
      await server.sessions.sendMessage({ sessionId, text: "!hang" });
      const next = server.sessions.sendMessage({ sessionId, text: "!say next", ...given });
      return await outcomeOf(next, () => "taken");
    },
  }),
];

interface Talk {
  sessionId: string;
  cursor: string;
  last: string;
}

/** Two turns, with the position between them. */
async function talk(server: Opened): Promise<Talk> {
  const { sessionId } = await session(server);
  await converse(server, sessionId, "!say one");
  const { cursor } = await server.sessions.getSessionTranscript({ sessionId });
  const last = await converse(server, sessionId, "!say two");
  return { sessionId, cursor, last };
}

async function streamed({ sessions }: Opened, request: object): Promise<string[]> {
  const found = [];
  for await (const { update } of sessions.streamSession(request)) {
    if (update.case === "message") found.push(update.value.content);
  }
  return found;
}

const said = ["!say one", "one", "!say two", "two"];

const streamSession: readonly Row[] = [
  row({
    rpc: "StreamSession",
    field: "session_id",
    unset: refused,
    set: ["what is said in that session", said],
    value: ({ sessionId }: Talk) => ({ sessionId }),
    prepare: talk,
    see: (server, given, { last }) => streamed(server, { fromStart: true, untilTurnId: last, ...given }),
  }),
  row({
    rpc: "StreamSession",
    field: "cursor",
    unset: ["what is said from now on", []],
    set: ["what was said after that position, and goes on", ["!say two", "two"]],
    value: ({ cursor }: Talk) => ({ cursor }),
    prepare: talk,
    see: (server, given, { sessionId, last }) => streamed(server, { sessionId, untilTurnId: last, ...given }),
  }),
  row({
    rpc: "StreamSession",
    field: "from_start",
    unset: ["what is said from now on", []],
    set: ["all that was said, and goes on", said],
    value: { fromStart: true },
    prepare: talk,
    see: (server, given, { sessionId, last }) => streamed(server, { sessionId, untilTurnId: last, ...given }),
  }),
  row({
    rpc: "StreamSession",
    field: "until_turn_id",
    unset: ["it ends when the session leaves its runner", RunnerStatus.TERMINATED],
    set: ["it ends with that turn", RunnerStatus.RUNNING],
    value: ({ last }: Talk) => ({ untilTurnId: last }),
    prepare: talk,
    async see(server, given, { sessionId }) {
      const { session } = await server.sessions.getSession({ sessionId });
      const { runner } = await server.runners.getRunner({ runnerId: session!.runnerId });
      if (runner!.status !== RunnerStatus.RUNNING) await server.sessions.resumeSession({ sessionId });
      return await untilOver(server, sessionId, given);
    },
  }),
  row({
    rpc: "StreamSession",
    field: "complete_messages_only",
    unset: ["messages grow as they are written", true],
    set: ["whole messages only", false],
    value: { completeMessagesOnly: true },
    prepare: idle,
    async see({ sessions }, given, sessionId) {
      const { turn, cursor } = await sessions.sendMessage({ sessionId, text: "!chunks 3" });
      let grew = false;
      const request = { sessionId, cursor, untilTurnId: turn!.id, ...given };
      for await (const { update } of sessions.streamSession(request)) grew ||= update.case === "delta";
      return grew;
    },
  }),
];

/** How a session's runner stands when a stream of it ends; without a turn to end with, the runner is stopped. */
async function untilOver(server: Opened, sessionId: string, given: object): Promise<RunnerStatus> {
  const { session } = await server.sessions.getSession({ sessionId });
  const { runnerId } = session!;
  const over = streamed(server, { sessionId, fromStart: true, ...given });
  if (!("untilTurnId" in given)) await server.runners.stopRunner({ runnerId, force: true });
  await over;
  return (await server.runners.getRunner({ runnerId })).runner!.status;
}

const others: readonly Row[] = [
  row({
    rpc: "CancelTurn",
    field: "session_id",
    unset: refused,
    set: ["the turn that runs there is cancelled", true],
    value: bySession,
    async prepare(server) {
      const sessionId = await idle(server);
      await server.sessions.sendMessage({ sessionId, text: "!hang" });
      return sessionId;
    },
    see: async ({ sessions }, given, sessionId) =>
      (await sessions.cancelTurn(given)).turn?.sessionId === sessionId,
  }),
  row({
    rpc: "CancelTurn",
    field: "turn_id",
    unset: ["the one that runs", "the first"],
    set: ["that one", "the second"],
    value: ({ second }: { second: string }) => ({ turnId: second }),
    async prepare(server) {
      const sessionId = await idle(server);
      const send = async () =>
        (await server.sessions.sendMessage({ sessionId, text: "!hang\n!ignore-cancel" })).turn!.id;
      return { sessionId, first: await send(), second: await send() };
    },
    async see({ sessions }, given, { sessionId, second }: { sessionId: string; second: string }) {
      const { turn } = await sessions.cancelTurn({ sessionId, ...given });
      return turn?.id === second ? "the second" : "the first";
    },
  }),
  row({
    rpc: "EndSession",
    field: "session_id",
    unset: refused,
    set: ["that session has ended for good", SessionStatus.ENDED],
    value: bySession,
    prepare: idle,
    see: async ({ sessions }, given) => (await sessions.endSession(given)).session?.status,
  }),
  row({
    rpc: "AppendTranscript",
    field: "session_id",
    unset: refused,
    set: ["the messages are added to that session", 1n],
    value: bySession,
    prepare: external,
    see: async ({ sessions }, given) =>
      (await sessions.appendTranscript({ messages: [{ role: "user", content: "hi" }], ...given }))
        .lastOrdinal,
  }),
  row({
    rpc: "AppendTranscript",
    field: "messages",
    unset: ["refused", "INVALID_ARGUMENT messages"],
    set: ["they are in the transcript", ["hi"]],
    value: { messages: [{ role: "user", content: "hi" }] },
    prepare: external,
    async see(server, given, sessionId) {
      await server.sessions.appendTranscript({ sessionId, ...given });
      return await contents(server, sessionId);
    },
  }),
];

async function external({ projects, runners, sessions, folder }: Opened): Promise<string> {
  await projects.createProject({ name: "web", path: folder });
  const { runner } = await runners.createRunner({ projectName: "web", external: true });
  return (await sessions.createSession({ runnerId: runner!.id })).session!.id;
}

export const ownSessionRpcs: readonly Row[] = [...sendMessage, ...streamSession, ...others];
