import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  SessionService,
  SessionStatus,
  type StreamSessionRequest,
  type StreamSessionResponse,
  StreamSessionResponseSchema,
  TurnState,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import { testClient, testServer } from "../fixtures/cleanup.js";

type Update = MessageInitShape<typeof StreamSessionResponseSchema>;

const session = (status: SessionStatus, cursor: string): Update => ({
  cursor,
  update: { case: "session", value: { id: "session_1", status } },
});
const turn = (state: TurnState, cursor: string): Update => ({
  cursor,
  update: { case: "turn", value: { id: "turn_1", state } },
});
const queued: Update = {
  cursor: "1.0",
  update: { case: "turn", value: { id: "turn_2", state: TurnState.QUEUED } },
};
const delta = (text: string, cursor: string): Update => ({
  cursor,
  update: { case: "delta", value: { ordinal: 2n, change: { case: "appendText", value: text } } },
});

test("resumes at its cursor, drops what it knows of session and turn, and ends with its turn", async () => {
  const requests: StreamSessionRequest[] = [];
  const connections: Update[][] = [
    [
      session(SessionStatus.ACTIVE, "1.0"),
      turn(TurnState.RUNNING, "1.0"),
      queued,
      delta("Hel", "2.3"),
      delta("lo ", "2.6"),
    ],
    [session(SessionStatus.ACTIVE, "2.6"), turn(TurnState.RUNNING, "2.6"), queued, delta("wor", "2.9")],
    [
      session(SessionStatus.ACTIVE, "2.9"),
      turn(TurnState.RUNNING, "2.9"),
      delta("ld", "2.11"),
      session(SessionStatus.IDLE, "2.11"),
      turn(TurnState.COMPLETED, "2.11"),
    ],
  ];
  const server = await testServer((router) => {
    router.rpc(SessionService.method.streamSession, async function* (request) {
      requests.push(request);
      yield* connections.shift() ?? [];
      if (connections.length > 0) throw new ConnectError("draining", Code.Unavailable);
    });
  });
  const client = testClient({ address: `127.0.0.1:${server.port}` });
  const stream = client.sessions.stream({
    sessionId: "session_1",
    fromStart: true,
    untilTurnId: "turn_1",
  });
  const updates: StreamSessionResponse[] = [];
  for await (const update of stream) {
    updates.push(update);
    expect(stream.cursor).toBe(update.cursor);
  }
  expect(updates).toEqual(
    [
      session(SessionStatus.ACTIVE, "1.0"),
      turn(TurnState.RUNNING, "1.0"),
      queued,
      delta("Hel", "2.3"),
      delta("lo ", "2.6"),
      delta("wor", "2.9"),
      delta("ld", "2.11"),
      session(SessionStatus.IDLE, "2.11"),
      turn(TurnState.COMPLETED, "2.11"),
    ].map((update) => create(StreamSessionResponseSchema, update)),
  );
  expect(requests.map(({ cursor, fromStart }) => [cursor, fromStart])).toEqual([
    ["", true],
    ["2.6", false],
    ["2.9", false],
  ]);
  expect(requests.every(({ untilTurnId }) => untilTurnId === "turn_1")).toBe(true);
});

test("backs off from a server that fails after each greeting", async () => {
  const server = await testServer((router) => {
    router.rpc(SessionService.method.streamSession, async function* () {
      yield session(SessionStatus.IDLE, "1.0");
      throw new ConnectError("crash", Code.Unavailable);
    });
  });
  const client = testClient({ address: `127.0.0.1:${server.port}` });
  const attempts: number[] = [];
  const controller = new AbortController();
  const stream = client.sessions.stream(
    { sessionId: "session_1" },
    {
      reconnect: { maxDelayMs: 5 },
      signal: controller.signal,
      onReconnect: ({ attempt }) => {
        if (attempts.push(attempt) === 8) controller.abort();
      },
    },
  );
  await stream.next();
  await expect(stream.next()).rejects.toMatchObject({ code: Code.Canceled });
  expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
