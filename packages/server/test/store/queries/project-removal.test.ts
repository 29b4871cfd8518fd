import { expect, test } from "vitest";
import { addEvent, addProject, addRunner, addSession, openTemp } from "../fixtures.js";

const bytes = new Uint8Array([1]);
const inBeta = { projectUid: "project_beta", projectName: "beta" };

test("a project goes with all that is its own, and nothing else; what was spent and created is still known", async () => {
  const store = await openTemp();
  const spent = {
    day: "2026-11-23",
    runnerId: "r1",
    sessionId: "s1",
    model: "m",
    costBasis: 1,
    currency: "USD",
  };
  await store.transaction((tx) => {
    for (const [name, more] of [
      ["alpha", {}],
      ["beta", inBeta],
    ] as const) {
      addProject(tx, name);
      for (const runner of ["r1", "r2"]) addRunner(tx, `${name}_${runner}`, more);
      tx.processes.insert({ runnerId: `${name}_r1`, nonce: name, dir: "/", state: "up" });
      for (const place of ["s1", "s2"]) {
        const sessionId = `${name}_${place}`;
        addSession(tx, sessionId, { runnerId: `${name}_r1`, ...more });
        tx.turns.insert({ id: `${sessionId}_t`, sessionId, runnerId: `${name}_r1`, state: 1, prompt: bytes });
        tx.messages.append({ sessionId, role: "user", content: "findme", parts: bytes, complete: true });
        const open = tx.messages.append({ sessionId, role: "assistant", parts: bytes });
        tx.chunks.append(sessionId, open, bytes);
        tx.approvals.insert({
          id: `${sessionId}_a`,
          sessionId,
          runnerId: `${name}_r1`,
          projectName: name,
          state: 1,
          agentRequestId: "1",
          request: bytes,
        });
      }
      tx.usage.add({ ...spent, projectUid: `project_${name}`, inputTokens: 7n });
      addEvent(tx, 1, { projectName: name });
    }
    // Left over from an earlier project of the same name.
    addSession(tx, "earlier", { projectUid: "project_before" });
  });
  const woken = store.tail.changed(["session:alpha_s2"]).wait();
  const runnerWoken = store.tail.changed(["runner:alpha_r2"]).wait();

  const removed = await store.transaction((tx) => tx.projects.deleteAll("project_alpha"));
  expect(removed).toEqual({ runners: 2, sessions: 2, turns: 2, messages: 4, approvals: 2 });
  await Promise.all([woken, runnerWoken]);

  const { read } = store;
  expect(read.projects.names()).toEqual(["beta"]);
  expect(read.runners.list({ limit: 10 })).toMatchObject({ rows: [inBeta, inBeta], total: 2 });
  expect(read.processes.all().map((row) => row.runnerId)).toEqual(["beta_r1"]);
  expect(
    read.sessions
      .list({ limit: 10 })
      .rows.map((row) => row.id)
      .sort(),
  ).toEqual(["beta_s1", "beta_s2", "earlier"]);
  expect([read.turns.byId("alpha_s1_t"), read.turns.byId("beta_s1_t")?.seq]).toEqual([undefined, 1]);
  expect([read.messages.page("alpha_s1", 1n, 9), read.messages.page("beta_s1", 1n, 9).length]).toEqual([
    [],
    2,
  ]);
  expect([read.chunks.after("alpha_s1", 2n, 0), read.chunks.after("beta_s1", 2n, 0).length]).toEqual([[], 1]);
  expect(
    read.approvals
      .list({ limit: 9 })
      .map((row) => row.id)
      .sort(),
  ).toEqual(["beta_s1_a", "beta_s2_a"]);
  const hits = read.messages.search({ query: "findme", limit: 9 }).rows;
  expect(hits.map((hit) => hit.sessionId).sort()).toEqual(["beta_s1", "beta_s2"]);
  expect([read.runners.countByProject().size, read.sessions.count("project_alpha")]).toEqual([1, 0]);

  expect(read.events.head()).toBe(2n);
  expect(read.usage.total("project_alpha").inputTokens).toBe(7n);
  expect(read.totals.created()).toEqual({ runners: 4, sessions: 5, turns: 4 });
  expect(read.totals.created("project_alpha")).toEqual({ runners: 2, sessions: 2, turns: 2 });
  expect(await store.transaction((tx) => tx.projects.deleteAll("project_alpha"))).toBeUndefined();

  // The name is free, and the totals of its next bearer are its own.
  await store.transaction((tx) => {
    tx.projects.insert({ uid: "second", name: "alpha", path: "/" });
    addRunner(tx, "r9", { projectUid: "second" });
  });
  expect(read.totals.createdByProject().get("second")).toEqual({ runners: 1, sessions: 0, turns: 0 });
});

test("an empty project goes; a job that fails after it brings all back", async () => {
  const store = await openTemp({ dataDir: null });
  await store.transaction((tx) => addRunner(tx, "r1", { projectUid: addProject(tx).uid }));
  const undone = store.transaction((tx) => {
    tx.projects.deleteAll("project_alpha");
    throw new Error("no");
  });
  await expect(undone).rejects.toThrow("no");
  expect(store.read.runners.count("project_alpha")).toBe(1);
  const none = { runners: 0, sessions: 0, turns: 0, messages: 0, approvals: 0 };
  await store.transaction((tx) => addProject(tx, "beta"));
  expect(await store.transaction((tx) => tx.projects.deleteAll("project_beta"))).toEqual(none);
});

test("totals count what was created, whatever became of it", async () => {
  const store = await openTemp({ dataDir: null });
  expect(store.read.totals.created()).toEqual({ runners: 0, sessions: 0, turns: 0 });
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "r1");
    addRunner(tx, "r2", { status: 6 });
    addSession(tx, "s1");
    for (const id of ["t1", "t2", "t3"])
      tx.turns.insert({ id, sessionId: "s1", runnerId: "r1", state: 1, prompt: bytes });
    tx.runners.delete("r1");
    tx.sessions.delete("s1");
  });
  expect(store.read.totals.created()).toEqual({ runners: 2, sessions: 1, turns: 3 });
  expect(store.read.totals.created("none")).toEqual({ runners: 0, sessions: 0, turns: 0 });
  const orphan = store.transaction((tx) =>
    tx.turns.insert({ id: "t4", sessionId: "none", runnerId: "r1", state: 1, prompt: bytes }),
  );
  await expect(orphan).rejects.toMatchObject({ constraint: { type: "foreign_key" } });
  expect(store.read.totals.created().turns).toBe(3);
});
