import { expect, test } from "vitest";
import type { Store } from "../../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp } from "../fixtures.js";

const [ACTIVE, IDLE, ENDED, RESUMABLE] = [1, 2, 3, 4];
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array) => Buffer.from(value).toString();

async function withSession(): Promise<Store> {
  const store = await openTemp({ dataDir: null });
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1");
    addSession(tx, "s1");
  });
  return store;
}

test("sessions: the active one of a runner, pages and counts", async () => {
  const store = await withSession();
  await store.transaction((tx) => {
    addSession(tx, "s2", { status: RESUMABLE, createdAt: 10 });
    addSession(tx, "s3", { status: ENDED, createdAt: 20, runnerId: "runner_2" });
    addSession(tx, "s4", { status: ENDED, createdAt: 30, projectName: "beta", projectUid: "project_beta" });
    tx.sessions.update("s1", { status: IDLE, tokenCount: 2n ** 61n });
  });
  const { sessions } = store.read;
  expect(sessions.activeForRunner("runner_1")).toMatchObject({
    id: "s1",
    status: IDLE,
    tokenCount: 2n ** 61n,
    version: 2,
  });
  expect(sessions.activeForRunner("runner_2")).toBeUndefined();
  const page = (filter: object) => {
    const { rows, total } = sessions.list({ limit: 10, ...filter });
    return [rows.map((row) => row.id), total];
  };
  expect(page({})).toEqual([["s1", "s4", "s3", "s2"], 4]);
  expect(page({ runnerId: "runner_1" })).toEqual([["s1", "s4", "s2"], 3]);
  expect(page({ runnerId: "runner_1", projectName: "alpha" })).toEqual([["s1", "s2"], 2]);
  expect(page({ projectName: "alpha", statuses: [ENDED, RESUMABLE] })).toEqual([["s3", "s2"], 2]);
  expect(page({ afterKey: { createdAt: 20, id: "s3" } })).toEqual([["s2"], 4]);
  expect(page({ limit: 1, offset: 1 })).toEqual([["s4"], 4]);
  expect([sessions.count("project_alpha"), sessions.count("project_beta")]).toEqual([3, 1]);
  expect(sessions.forRunner("runner_1").map((row) => row.id)).toEqual(["s2", "s4", "s1"]);
  expect(sessions.forRunner("none")).toEqual([]);
  expect(sessions.countByProject().get("project_beta")).toEqual(new Map([[ENDED, 1]]));
});

test("turns: queued, running and ended are told apart by their times", async () => {
  const store = await withSession();
  const turn = (id: string) => ({ id, sessionId: "s1", runnerId: "runner_1", state: 1, prompt: bytes(id) });
  const inserted = await store.transaction((tx) => ["t1", "t2", "t3"].map((id) => tx.turns.insert(turn(id))));
  expect(inserted.map((row) => row.seq)).toEqual([1, 2, 3]);
  const { turns } = store.read;
  expect([turns.nextQueued("s1")?.id, turns.running("s1")?.id]).toEqual(["t1", undefined]);
  await store.transaction((tx) => tx.turns.update("t1", { state: 3, startedAt: 5 }));
  expect([turns.nextQueued("s1")?.id, turns.running("s1")?.id]).toEqual(["t2", "t1"]);
  await store.transaction((tx) => [
    tx.turns.update("t1", { state: 4, endedAt: 6, stopReason: "end_turn" }),
    // Cancelled while it waited: it never starts.
    tx.turns.update("t2", { state: 6, endedAt: 6 }),
  ]);
  expect([turns.nextQueued("s1")?.id, turns.running("s1")?.id]).toEqual(["t3", undefined]);
  expect(turns.forSession("s1").map((row) => row.id)).toEqual(["t1", "t2", "t3"]);
  expect(turns.latest("s1")?.id).toBe("t3");
  expect(turns.byId("t1")).toMatchObject({ stopReason: "end_turn", startedAt: 5, endedAt: 6 });
  expect(await store.transaction((tx) => tx.turns.update("none", { state: 1 }))).toBeUndefined();
});

test("messages: ordinals have no gaps, also past a job that was undone", async () => {
  const store = await withSession();
  const message = (content: string) => ({ sessionId: "s1", role: "user", content, parts: bytes(content) });
  const results = await Promise.allSettled([
    store.transaction((tx) => tx.messages.append(message("one"))),
    store.transaction((tx) => {
      tx.messages.append(message("undone"));
      throw new Error("no");
    }),
    store.transaction((tx) => tx.messages.append(message("two"))),
  ]);
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : null))).toEqual([
    1n,
    null,
    2n,
  ]);
  const { messages } = store.read;
  expect(messages.count("s1")).toBe(2);
  expect(messages.page("s1", 1n, 10).map((row) => [row.ordinal, row.content])).toEqual([
    [1n, "one"],
    [2n, "two"],
  ]);
  expect(messages.page("s1", 2n, 10)).toHaveLength(1);
  expect(messages.page("s1", 1n, 1)).toHaveLength(1);
  expect(messages.byOrdinal("s1", 2n)).toMatchObject({ complete: false, completedAt: null, turnId: null });
  // The transcript's growth is no change of the session's own facts.
  expect(store.read.sessions.byId("s1")).toMatchObject({ nextOrdinal: 3n, version: 1 });
  const orphan = store.transaction((tx) => tx.messages.append({ ...message("x"), sessionId: "none" }));
  await expect(orphan).rejects.toMatchObject({
    kind: "constraint",
    message: expect.stringContaining("none"),
  });
  expect(messages.count("none")).toBe(0);
});

test("chunks: grow, are read from a place on, and go when their message is complete", async () => {
  const store = await withSession();
  await store.transaction((tx) => {
    const ordinal = tx.messages.append({ sessionId: "s1", role: "assistant", parts: bytes("") });
    expect(["a", "b", "c"].map((piece) => tx.chunks.append("s1", ordinal, bytes(piece)))).toEqual([1, 2, 3]);
    tx.chunks.append("s1", 2n, bytes("of another message"));
  });
  const pieces = (idx: number) =>
    store.read.chunks.after("s1", 1n, idx).map((row) => [row.idx, text(row.chunk)]);
  expect(pieces(0)).toEqual([
    [1, "a"],
    [2, "b"],
    [3, "c"],
  ]);
  expect(pieces(2)).toEqual([[3, "c"]]);
  const done = await store.transaction((tx) =>
    tx.messages.complete("s1", 1n, {
      content: "abc",
      parts: bytes("P"),
      usage: bytes("U"),
      metadata: { k: "v" },
      completedAt: 9,
    }),
  );
  expect(done).toMatchObject({ complete: true, content: "abc", metadata: { k: "v" }, completedAt: 9 });
  expect(text(done!.usage!)).toBe("U");
  expect(pieces(0)).toEqual([]);
  expect(store.read.chunks.after("s1", 2n, 0)).toHaveLength(1);
  expect(
    await store.transaction((tx) => tx.messages.complete("s1", 9n, { content: "", parts: bytes("") })),
  ).toBeUndefined();
});

test("approvals: pending until they are resolved, and found by the agent's request", async () => {
  const store = await withSession();
  const approval = (id: string, more: object = {}) => ({
    id,
    sessionId: "s1",
    runnerId: "runner_1",
    projectName: "alpha",
    state: 1,
    agentRequestId: "7",
    request: bytes("{}"),
    ...more,
  });
  await store.transaction((tx) => {
    tx.approvals.insert(approval("a1", { createdAt: 2 }));
    tx.approvals.insert(
      approval("a2", { createdAt: 1, runnerId: "runner_2", projectName: "beta", turnId: "t1" }),
    );
    tx.approvals.insert(approval("a3", { createdAt: 3 }));
  });
  const pending = (filter?: object) => store.read.approvals.pending(filter).map((row) => row.id);
  expect(pending()).toEqual(["a2", "a1", "a3"]);
  expect(pending({ projectName: "beta" })).toEqual(["a2"]);
  expect(pending({ runnerId: "runner_1", sessionId: "s1", limit: 1 })).toEqual(["a1"]);
  expect(pending({ sessionId: "s2" })).toEqual([]);
  expect(store.read.approvals.byAgentRequest("runner_1", "7")?.id).toBe("a3");
  const resolved = await store.transaction((tx) =>
    tx.approvals.update("a3", { state: 2, resolution: bytes("ok"), resolvedAt: 5, resolvedBy: "me" }),
  );
  expect(resolved).toMatchObject({ state: 2, resolvedBy: "me", deadline: null });
  expect(pending()).toEqual(["a2", "a1"]);
  expect(store.read.approvals.byId("a3")).toEqual(resolved);
});

test("a session takes its turns, messages, chunks and approvals with it", async () => {
  const store = await withSession();
  await store.transaction((tx) => {
    tx.turns.insert({ id: "t1", sessionId: "s1", runnerId: "runner_1", state: 1, prompt: bytes("p") });
    const ordinal = tx.messages.append({ sessionId: "s1", role: "user", parts: bytes("") });
    tx.chunks.append("s1", ordinal, bytes("c"));
  });
  expect(await store.transaction((tx) => [tx.sessions.delete("s1"), tx.sessions.delete("s1")])).toEqual([
    true,
    false,
  ]);
  expect(store.read.turns.byId("t1")).toBeUndefined();
  expect(store.read.messages.page("s1", 1n, 10)).toEqual([]);
  expect(store.read.chunks.after("s1", 1n, 0)).toEqual([]);
  expect(store.read.sessions.count("project_alpha")).toBe(0);
});

test("a session that is active is so for its runner only while it says it", async () => {
  const store = await withSession();
  expect(store.read.sessions.activeForRunner("runner_1")?.status).toBe(ACTIVE);
  await store.transaction((tx) => tx.sessions.update("s1", { status: RESUMABLE, endedAt: 1 }));
  expect(store.read.sessions.activeForRunner("runner_1")).toBeUndefined();
});
