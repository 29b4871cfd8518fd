import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SessionStatus, TranscriptMessageSchema } from "@stratavore/proto";
import { beforeEach, expect, test } from "vitest";
import { appendMessages } from "../../../src/domain/transcript/append.js";
import { transcriptMessage } from "../../../src/domain/views/message.js";
import type { Store } from "../../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp } from "../../store/fixtures.js";

let store: Store;

beforeEach(async () => {
  store = await openTemp();
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1", { external: true });
    addSession(tx, "session_1", { runnerId: "runner_1" });
  });
});

const append = (...messages: MessageInitShape<typeof TranscriptMessageSchema>[]) =>
  store.transaction((tx) =>
    appendMessages(
      tx,
      tx.sessions.byId("session_1")!,
      messages.map((message) => create(TranscriptMessageSchema, message)),
      "ada",
    ),
  );

const kept = () => store.read.messages.page("session_1", 1n, 10).map((row) => transcriptMessage(row));

test("what a message leaves out is made of the rest; ordinals are the store's", async () => {
  const at = timestampFromMs(1_000);
  expect(await append({ role: "user", content: "hello", ordinal: 9n })).toBe(1n);
  const last = await append(
    {
      role: "assistant",
      parts: [{ kind: { case: "thinking", value: "hm" } }],
      timestamp: at,
      completedAt: at,
      metadata: { k: "v" },
    },
    { role: "system", content: "as said", parts: [{ kind: { case: "text", value: "part" } }] },
  );
  expect(last).toBe(3n);
  const [first, second, third] = kept();
  expect(first).toMatchObject({
    ordinal: 1n,
    role: "user",
    inProgress: false,
    parts: [{ kind: { case: "text", value: "hello" } }],
  });
  expect(first!.timestamp!.seconds).toBeGreaterThan(1_000n);
  expect(second).toMatchObject({
    content: "[thinking] hm",
    timestamp: at,
    completedAt: at,
    metadata: { k: "v" },
  });
  expect(third).toMatchObject({ content: "as said", parts: [{ kind: { case: "text", value: "part" } }] });
});

test("usage of a message is its session's, its runner's and its project's", async () => {
  await append({ role: "assistant", content: "x", usage: { inputTokens: 3n, outputTokens: 4n } });
  await append({ role: "assistant", content: "y" });
  expect(store.read.sessions.byId("session_1")!.tokenCount).toBe(7n);
  expect(store.read.runners.byId("runner_1")!.tokensUsed).toBe(7n);
  const [first, second] = kept();
  expect(first!.usage).toMatchObject({ inputTokens: 3n });
  expect(second!.usage).toBeUndefined();
});

test("a bad message is named, and none of its call is added", async () => {
  const fine = { role: "user", content: "fine" };
  const bad: [MessageInitShape<typeof TranscriptMessageSchema>, string][] = [
    [{ role: "robot", content: "x" }, "messages[1].role"],
    [{ role: "user" }, "messages[1]"],
    [{ ...fine, inProgress: true }, "messages[1].in_progress"],
    [{ ...fine, turnId: "turn_1" }, "messages[1].turn_id"],
    [{ ...fine, usage: { inputTokens: -1n } }, "messages[1].usage"],
    [{ role: "user", content: "x".repeat(1024 * 1024) }, "messages[1]"],
  ];
  for (const [message, field] of bad) {
    await expect(append(fine, message)).rejects.toMatchObject({
      code: "invalid_argument",
      fields: [{ field }],
    });
  }
  expect(kept()).toEqual([]);
});

test("an ended session takes no more", async () => {
  await store.transaction((tx) => tx.sessions.update("session_1", { status: SessionStatus.ENDED }));
  await expect(append({ role: "user", content: "late" })).rejects.toMatchObject({ reason: "SESSION_ENDED" });
});
