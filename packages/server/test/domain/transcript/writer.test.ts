import { create } from "@bufbuild/protobuf";
import { type Part, PartSchema, ToolCallSchema, ToolCallStatus } from "@stratavore/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contentOf } from "../../../src/domain/transcript/content.js";
import { applyDelta } from "../../../src/domain/transcript/deltas.js";
import { piecesOf } from "../../../src/domain/transcript/pieces.js";
import { TranscriptWriter } from "../../../src/domain/transcript/writer.js";
import { deltaOf, partsOf, storedParts, transcriptMessage } from "../../../src/domain/views/message.js";
import type { Store, Transaction } from "../../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp } from "../../store/fixtures.js";

const { PENDING, IN_PROGRESS, COMPLETED, FAILED, UNSPECIFIED } = ToolCallStatus;

type Step =
  | { do: "text" | "thinking"; turnId: string | null; text: string; boundary?: string }
  | { do: "tool"; turnId: string | null; id: string; title: string; status: ToolCallStatus }
  | { do: "plan"; turnId: string | null; content: string }
  | { do: "image"; turnId: string | null }
  | { do: "notice"; turnId: string | null; text: string }
  | { do: "complete" };

function play(tx: Transaction, writer: TranscriptWriter, step: Step): unknown {
  switch (step.do) {
    case "text":
      return writer.text(tx, step.turnId, step.text, step.boundary);
    case "thinking":
      return writer.thinking(tx, step.turnId, step.text, step.boundary);
    case "tool":
      writer.toolCall(
        tx,
        step.turnId,
        create(ToolCallSchema, { id: step.id, title: step.title, status: step.status }),
      );
      return;
    case "plan": {
      const entries = [{ content: step.content, status: "pending" }];
      return writer.part(tx, step.turnId, create(PartSchema, { kind: { case: "plan", value: { entries } } }));
    }
    case "image": {
      const value = { mimeType: "image/png", data: new Uint8Array([1]) };
      return writer.part(tx, step.turnId, create(PartSchema, { kind: { case: "blob", value } }));
    }
    case "notice":
      return writer.notice(tx, step.turnId, step.text);
    case "complete":
      return writer.complete(tx);
  }
}

const turnId = fc.constantFrom("turn_1", "turn_1", "turn_1", "turn_2", null);
const words = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "a", "👍", "\n", "é".repeat(40_000), "x".repeat(90_000)),
);
const boundary = fc.option(fc.constantFrom("m1", "m2", "stdout", "stderr"), { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("text" as const), turnId, text: words, boundary }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("thinking" as const), turnId, text: words, boundary }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("tool" as const),
      turnId,
      id: fc.constantFrom("t1", "t2"),
      title: fc.constantFrom("", "Read", "Write"),
      status: fc.constantFrom(UNSPECIFIED, PENDING, IN_PROGRESS, COMPLETED, FAILED),
    }),
  },
  fc.record({ do: fc.constant("plan" as const), turnId, content: fc.string() }),
  fc.record({ do: fc.constant("image" as const), turnId }),
  fc.record({ do: fc.constant("notice" as const), turnId, text: fc.string({ minLength: 1 }) }),
  fc.record({ do: fc.constant("complete" as const) }),
) as fc.Arbitrary<Step>;
const steps = fc.array(step, { maxLength: 25 });

let sessions = 0;

async function freshStore(): Promise<Store> {
  const store = await openTemp({ dataDir: null });
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1");
  });
  return store;
}

async function freshSession(store: Store): Promise<string> {
  const id = `session_${++sessions}`;
  await store.transaction((tx) => addSession(tx, id));
  return id;
}

const told = (store: Store, sessionId: string) =>
  store.read.messages
    .page(sessionId, 1n, 10_000)
    .map((row) => transcriptMessage(row, store.read.chunks.after(sessionId, row.ordinal, 0)))
    .map(({ role, content, parts, ordinal, turnId, inProgress, metadata }) => ({
      role,
      content,
      parts,
      ordinal,
      turnId,
      inProgress,
      metadata,
    }));

test("a writer restored at any point, or at each, writes what one that went on writes", async () => {
  const store = await freshStore();
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.boolean(), { maxLength: 25 }), async (each, restoreBefore) => {
      const [first, second] = [await freshSession(store), await freshSession(store)];
      const whole = new TranscriptWriter(first);
      let parts = new TranscriptWriter(second);
      for (const [at, one] of each.entries()) {
        await store.transaction((tx) => {
          play(tx, whole, one);
          if (restoreBefore[at]) parts = TranscriptWriter.restore(tx, tx.sessions.byId(second)!);
          play(tx, parts, one);
        });
      }
      expect(told(store, second)).toEqual(told(store, first));
    }),
    { numRuns: 120 },
  );
});

test("the deltas of a message, put together, are the message that its completion stores", async () => {
  const store = await freshStore();
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const sessionId = await freshSession(store);
      const writer = new TranscriptWriter(sessionId);
      const seen = new Map<bigint, Part[]>();
      await store.transaction((tx) => {
        // Every chunk is looked at as it is written, because the completion drops it.
        const { append } = tx.chunks;
        tx.chunks.append = (session, ordinal, chunk) => {
          const idx = append.call(tx.chunks, session, ordinal, chunk);
          const delta = deltaOf({ idx, chunk });
          expect(delta.ordinal).toBe(ordinal);
          const parts = seen.get(ordinal) ?? [];
          applyDelta(parts, delta);
          seen.set(ordinal, parts);
          return idx;
        };
        try {
          for (const one of each) play(tx, writer, one);
          writer.complete(tx);
        } finally {
          tx.chunks.append = append;
        }
      });
      const rows = store.read.messages.page(sessionId, 1n, 10_000);
      for (const row of rows.filter(({ role }) => role === "assistant")) {
        const stored = partsOf(row.parts);
        expect(Buffer.from(storedParts(seen.get(row.ordinal)!)).equals(row.parts)).toBe(true);
        expect(row.content).toBe(contentOf(stored));
        expect(store.read.chunks.after(sessionId, row.ordinal, 0)).toEqual([]);
      }
      const said = each
        .flatMap((one) => (one.do === "text" || one.do === "thinking" ? [one.text] : []))
        .join("");
      const kept = rows
        .filter(({ role }) => role === "assistant")
        .flatMap((row) => partsOf(row.parts))
        .map(({ kind }) => (kind.case === "text" || kind.case === "thinking" ? kind.value : ""))
        .join("");
      // Words of different kinds keep their order, as each new kind is a new part.
      expect(kept).toBe(said);
    }),
    { numRuns: 120 },
  );
});

async function written(...each: Step[]) {
  const store = await freshStore();
  const sessionId = await freshSession(store);
  const writer = new TranscriptWriter(sessionId);
  await store.transaction((tx) => {
    for (const one of each) play(tx, writer, one);
  });
  return told(store, sessionId);
}

const say = (text: string, boundary?: string, turnId: string | null = "turn_1"): Step => ({
  do: "text",
  turnId,
  text,
  ...(boundary === undefined ? {} : { boundary }),
});
const tool = (id: string, status: ToolCallStatus, title = ""): Step => ({
  do: "tool",
  turnId: "turn_1",
  id,
  title,
  status,
});

test("another message of the agent, another turn, or words after tools begin a new message", async () => {
  const messages = await written(
    say("a", "m1"),
    say("b", "m1"),
    say("c"),
    say("d", "m2"),
    tool("t", COMPLETED, "Read"),
    say("e", "m2"),
    say("f", "m2", "turn_2"),
  );
  expect(messages.map(({ content, turnId }) => [content, turnId])).toEqual([
    ["abc", "turn_1"],
    ["d\n\n[tool] Read: completed", "turn_1"],
    ["e", "turn_1"],
    ["f", "turn_2"],
  ]);
  expect(messages.map(({ inProgress }) => inProgress)).toEqual([false, false, false, true]);
});

test("words while a tool still runs stay in its message, and updates of the tool change it in place", async () => {
  const messages = await written(
    tool("t", PENDING, "Read"),
    say("meanwhile"),
    tool("t", IN_PROGRESS),
    tool("t", UNSPECIFIED, "Read a"),
    tool("t", COMPLETED),
  );
  expect(messages.map(({ content }) => content)).toEqual(["[tool] Read a: completed\n\nmeanwhile"]);
});

test("a message that grows without end is cut, with nothing lost and no character torn", async () => {
  const text = "👍é".repeat(150_000);
  const messages = await written(say(text));
  expect(messages.length).toBeGreaterThan(2);
  expect(messages.map(({ content }) => content).join("")).toBe(text);
  for (const { content } of messages) expect(Buffer.byteLength(content)).toBeLessThan(600_000);
  const many = await written(
    ...Array.from({ length: 600 }, () => tool("t", IN_PROGRESS, "x".repeat(10_000))),
  );
  expect(many.length).toBeGreaterThan(1);
});

test("pieces of a text are its text, and whole characters each", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 7 }), (text, size) => {
      const pieces = [...piecesOf(text, size)];
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(size);
        expect(piece.length).toBeGreaterThan(0);
        expect(piece.isWellFormed()).toBe(true);
      }
    }),
  );
});
