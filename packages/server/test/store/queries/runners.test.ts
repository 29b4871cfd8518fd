import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunnerFilter, Store } from "../../../src/store/index.js";
import { addProject, addRunner, openTemp } from "../fixtures.js";

const [STARTING, RUNNING, STOPPING, TERMINATED, FAILED] = [1, 2, 4, 5, 6];

async function withProjects(): Promise<Store> {
  const store = await openTemp({ dataDir: null });
  await store.transaction((tx) => {
    addProject(tx, "alpha");
    addProject(tx, "beta");
  });
  return store;
}

const inBeta = { projectUid: "project_beta", projectName: "beta" };

test("a runner is read back as it was given, with numbers beyond 2^53", async () => {
  const store = await withProjects();
  const tokensUsed = 2n ** 62n + 1n;
  const given = {
    tokensUsed,
    temperature: 0.7,
    warnings: ["w"],
    exitCode: -1,
    external: true,
    endedAt: 8_640_000_000_000_000,
  };
  const row = await store.transaction((tx) => addRunner(tx, "r1", given));
  const read = store.read.runners.byId("r1");
  expect(read).toEqual({ ...row, spec: Buffer.from(row.spec) });
  expect(read).toMatchObject({ ...given, activity: 0, incarnation: 1, sessionId: null });
  const updated = await store.transaction((tx) =>
    tx.runners.update("r1", { tokensUsed: tokensUsed + 1n, exitCode: null }),
  );
  expect(updated).toMatchObject({ tokensUsed: tokensUsed + 1n, exitCode: null, version: 2, status: RUNNING });
});

test("memory that was measured is kept if it is the most so far, and is no update", async () => {
  const store = await withProjects();
  await store.transaction((tx) => addRunner(tx, "r1"));
  const before = store.read.runners.byId("r1")!;
  for (const [mb, most] of [
    [300, 300n],
    [200, 300n],
    [301, 301n],
  ] as const) {
    await store.transaction((tx) => tx.runners.measured("r1", mb));
    expect(store.read.runners.byId("r1")).toEqual({ ...before, peakMemoryMb: most });
  }
});

test("an update of an expected version is refused when that is past; a heartbeat is no update", async () => {
  const store = await withProjects();
  await store.transaction((tx) => addRunner(tx, "r1", { updatedAt: 1 }));
  expect(await store.transaction((tx) => tx.runners.heartbeat("r1", 77))).toBe(true);
  expect(store.read.runners.byId("r1")).toMatchObject({ lastHeartbeat: 77, version: 1, updatedAt: 1 });
  expect(await store.transaction((tx) => tx.runners.update("r1", { reason: "a" }, 1))).toMatchObject({
    version: 2,
  });
  expect(await store.transaction((tx) => tx.runners.update("r1", { reason: "b" }, 1))).toBeUndefined();
  expect(store.read.runners.byId("r1")?.reason).toBe("a");
  expect(await store.transaction((tx) => tx.runners.heartbeat("none", 1))).toBe(false);
});

test("a runtime id belongs to one live runner, and is free again after it", async () => {
  const store = await withProjects();
  await store.transaction((tx) => addRunner(tx, "r1", { runtimeId: "mine" }));
  const second = () => store.transaction((tx) => addRunner(tx, "r2", { runtimeId: "mine" }));
  await expect(second()).rejects.toMatchObject({
    constraint: { type: "unique", columns: ["runners.runtime_id"] },
  });
  expect(store.read.runners.liveByRuntimeId("mine")?.id).toBe("r1");
  await store.transaction((tx) => tx.runners.update("r1", { status: TERMINATED }));
  expect(store.read.runners.liveByRuntimeId("mine")).toBeUndefined();
  await second();
  expect(store.read.runners.liveByRuntimeId("mine")?.id).toBe("r2");
  // Without a runtime id there is nothing to share.
  await store.transaction((tx) => [addRunner(tx, "r3"), addRunner(tx, "r4")]);
  expect(store.read.runners.liveByRuntimeId("")).toBeUndefined();
});

test("live runners and counts follow every change of status", async () => {
  const store = await withProjects();
  await store.transaction((tx) => {
    addRunner(tx, "r1", { status: STARTING, createdAt: 2 });
    addRunner(tx, "r2", { status: RUNNING, createdAt: 1 });
    addRunner(tx, "r3", { status: STOPPING, createdAt: 3, ...inBeta });
    addRunner(tx, "r4", { status: FAILED, ...inBeta });
  });
  const { runners } = store.read;
  expect(runners.live().map((row) => row.id)).toEqual(["r2", "r1", "r3"]);
  expect([runners.countLive("project_alpha"), runners.countLive("project_beta")]).toEqual([2, 1]);
  await store.transaction((tx) => {
    tx.runners.update("r1", { status: FAILED });
    tx.runners.update("r2", { status: RUNNING, reason: "same" });
    tx.runners.delete("r4");
  });
  expect([...runners.countByStatus()].filter(([, n]) => n > 0)).toEqual([
    [RUNNING, 1],
    [STOPPING, 1],
    [FAILED, 1],
  ]);
  expect(runners.countByStatus("project_beta").get(STOPPING)).toBe(1);
  expect(runners.countByProject()).toEqual(
    new Map([
      [
        "project_alpha",
        new Map([
          [RUNNING, 1],
          [FAILED, 1],
        ]),
      ],
      ["project_beta", new Map([[STOPPING, 1]])],
    ]),
  );
  expect([runners.count("project_alpha"), runners.count("project_beta"), runners.count("none")]).toEqual([
    2, 1, 0,
  ]);
});

test("external runners are stale once their TTL has passed since the last sign of life, or since they were created", async () => {
  const store = await withProjects();
  const external = { external: true, createdAt: 1000, heartbeatTtlMs: 500 };
  await store.transaction((tx) => {
    addRunner(tx, "silent", { ...external, status: STARTING });
    addRunner(tx, "alive", { ...external, lastHeartbeat: 1200 });
    addRunner(tx, "ended", { ...external, status: TERMINATED });
    addRunner(tx, "without", { ...external, heartbeatTtlMs: null });
    addRunner(tx, "ours", { ...external, external: false });
  });
  const stale = (now: number) => store.read.runners.staleExternal(now).map((row) => row.id);
  expect(stale(1500)).toEqual([]);
  expect(stale(1501)).toEqual(["silent"]);
  expect(stale(1701)).toEqual(["alive", "silent"]);
  await store.transaction((tx) => tx.runners.heartbeat("silent", 1600));
  expect(stale(1701)).toEqual(["alive"]);
  await store.transaction((tx) => tx.runners.update("alive", { heartbeatTtlMs: 5000 }));
  expect(stale(1701)).toEqual([]);
  // As after the clock was set back.
  expect(stale(1599)).toEqual(["silent"]);
});

test("a rolled back job leaves the counts alone", async () => {
  const store = await withProjects();
  const job = store.transaction((tx) => {
    addRunner(tx, "r1");
    throw new Error("no");
  });
  await expect(job).rejects.toThrow("no");
  expect(store.read.runners.count("project_alpha")).toBe(0);
});

test("an unknown status cannot be stored, and asks for nothing in a list", async () => {
  const store = await withProjects();
  await expect(store.transaction((tx) => addRunner(tx, "r1", { status: 9 }))).rejects.toMatchObject({
    constraint: { type: "check" },
  });
  expect(store.read.runners.list({ statuses: [9], limit: 5 })).toEqual({ rows: [], total: 0 });
});

test("lists agree with a plain filter and sort, whatever is asked", async () => {
  const store = await withProjects();
  const specs = Array.from({ length: 120 }, (_, n) => ({
    id: `r${String((n * 37) % 120).padStart(3, "0")}`,
    status: (n % 6) + 1,
    createdAt: Math.floor(n / 7),
    metadata: { team: n % 3 === 0 ? "red" : "blue", odd: String(n % 2), 'we"ird': "__proto__" },
    ...(n % 5 === 0 ? inBeta : { projectUid: "project_alpha", projectName: "alpha" }),
  }));
  await store.transaction((tx) => specs.forEach((spec) => void addRunner(tx, spec.id, spec)));

  const expected = (filter: RunnerFilter) => {
    const matching = specs
      .filter((row) => filter.projectName === undefined || row.projectName === filter.projectName)
      .filter((row) => !filter.statuses?.length || filter.statuses.includes(row.status))
      .filter((row) =>
        Object.entries(filter.metadata ?? {}).every(
          ([key, value]) => (row.metadata as Record<string, string>)[key] === value,
        ),
      )
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const after = filter.afterKey;
    const rest = after
      ? matching.filter(
          (row) =>
            row.createdAt < after.createdAt || (row.createdAt === after.createdAt && row.id < after.id),
        )
      : matching;
    const offset = filter.offset ?? 0;
    return { ids: rest.slice(offset, offset + filter.limit).map((row) => row.id), total: matching.length };
  };
  const filters = fc.record(
    {
      limit: fc.integer({ min: 1, max: 40 }),
      offset: fc.integer({ min: 0, max: 30 }),
      projectName: fc.constantFrom("alpha", "beta", "none"),
      statuses: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 }),
      metadata: fc.constantFrom<Record<string, string>[]>(
        {},
        { team: "red" },
        { team: "blue", odd: "1" },
        { 'we"ird': "__proto__" },
        { team: "green" },
      ),
      afterKey: fc.constantFrom(...specs.map(({ createdAt, id }) => ({ createdAt, id }))),
    },
    { requiredKeys: ["limit"] },
  );
  fc.assert(
    fc.property(filters, (filter) => {
      const { rows, total } = store.read.runners.list(filter);
      expect({ ids: rows.map((row) => row.id), total }).toEqual(expected(filter));
    }),
    { numRuns: 300 },
  );
});

test("a process row goes with its runner, and keeps offsets beyond 2^53", async () => {
  const store = await withProjects();
  await store.transaction((tx) => {
    addRunner(tx, "r1");
    tx.processes.insert({ runnerId: "r1", nonce: "n1", dir: "/d", state: "starting" });
  });
  const handle = { pid: 1, startTime: "2", nested: [1, null] };
  const updated = await store.transaction((tx) =>
    tx.processes.update("r1", { handle, stdoutOffset: 2n ** 60n, state: "up" }),
  );
  expect(updated).toEqual({
    runnerId: "r1",
    nonce: "n1",
    dir: "/d",
    handle,
    stdoutOffset: 2n ** 60n,
    stderrOffset: 0n,
    adapterState: null,
    state: "up",
  });
  expect(store.read.processes.get("r1")).toEqual(updated);
  const again = store.transaction((tx) => {
    addRunner(tx, "r2");
    tx.processes.insert({ runnerId: "r2", nonce: "n1", dir: "/d", state: "x" });
  });
  await expect(again).rejects.toMatchObject({ constraint: { columns: ["runner_processes.nonce"] } });
  await store.transaction((tx) => tx.runners.delete("r1"));
  expect(store.read.processes.all()).toEqual([]);
});
