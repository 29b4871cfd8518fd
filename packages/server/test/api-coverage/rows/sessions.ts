import { TranscriptFormat } from "@stratavore/proto";
import { expect } from "vitest";
import { converse, type Opened, project, session } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { demo } from "./agents.js";

interface Talk {
  runnerId: string;
  sessionId: string;
}

/** A session in which something was said. */
async function talk(server: Opened): Promise<Talk> {
  const ids = await session(server);
  await converse(server, ids.sessionId, "!say hello");
  return ids;
}

async function idle(server: Opened): Promise<string> {
  await project(server);
  return await demo(server, "web");
}

export const createSession: readonly Row[] = [
  row({
    rpc: "CreateSession",
    field: "runner_id",
    unset: ["refused", "INVALID_ARGUMENT runner_id"],
    set: ["a conversation with that runner", true],
    value: (runnerId: string) => ({ runnerId }),
    prepare: idle,
    see: async ({ sessions }, given, runnerId) =>
      (await sessions.createSession(given)).session?.runnerId === runnerId,
  }),
  row({
    rpc: "CreateSession",
    field: "model",
    unset: ["the runner's model", "demo"],
    set: ["that model", "demo-fast"],
    value: { model: "demo-fast" },
    prepare: idle,
    see: async ({ sessions }, given, runnerId) =>
      (await sessions.createSession({ runnerId, ...given })).session?.model,
  }),
  row({
    rpc: "CreateSession",
    field: "metadata",
    unset: ["no labels", {}],
    set: ["the session has those labels", { topic: "taxes" }],
    value: { metadata: { topic: "taxes" } },
    prepare: idle,
    see: async ({ sessions }, given, runnerId) =>
      (await sessions.createSession({ runnerId, ...given })).session?.metadata,
  }),
];

export const getSession: readonly Row[] = [
  row({
    rpc: "GetSession",
    field: "session_id",
    unset: ["refused", "INVALID_ARGUMENT session_id"],
    set: ["that session", true],
    value: ({ sessionId }: Talk) => ({ sessionId }),
    prepare: talk,
    see: async ({ sessions }, given, { sessionId }) =>
      (await sessions.getSession(given)).session?.id === sessionId,
  }),
];

export const getSessionTranscript: readonly Row[] = [
  row({
    rpc: "GetSessionTranscript",
    field: "session_id",
    unset: ["refused", "INVALID_ARGUMENT session_id"],
    set: ["what was said in that session", ["!say hello", "hello"]],
    value: ({ sessionId }: Talk) => ({ sessionId }),
    prepare: talk,
    see: async ({ sessions }, given) =>
      (await sessions.getSessionTranscript(given)).messages.map(({ content }) => content),
  }),
  row({
    rpc: "GetSessionTranscript",
    field: "include_metadata",
    unset: ["the messages only", undefined],
    set: ["facts about the session as well", expect.objectContaining({ agent: "demo", messageCount: 2n })],
    value: { includeMetadata: true },
    prepare: talk,
    see: async ({ sessions }, given, { sessionId }) =>
      (await sessions.getSessionTranscript({ sessionId, ...given })).metadata,
  }),
  row({
    rpc: "GetSessionTranscript",
    field: "format",
    unset: ["the messages only, as for JSON", [2, ""]],
    set: [
      "TEXT and MARKDOWN give them as one text as well",
      [2, expect.stringMatching(/!say hello[\s\S]*assistant:\nhello/)],
    ],
    value: { format: TranscriptFormat.TEXT },
    prepare: talk,
    async see({ sessions }, given, { sessionId }) {
      const { messages, rendered } = await sessions.getSessionTranscript({ sessionId, ...given });
      return [messages.length, rendered];
    },
  }),
];
