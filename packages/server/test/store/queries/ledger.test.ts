import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventFilter, UsageAddition, UsageSum } from "../../../src/store/index.js";
import { addEvent, oneTo, openTemp, openWithWriter, seqs } from "../fixtures.js";

test("events: seqs have no gap and no repeat, whichever jobs fail and however they are batched", async () => {
  const job = fc.record({
    appends: fc.integer({ min: 0, max: 4 }),
    fails: fc.boolean(),
    pause: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 40 }), async (jobs) => {
      const store = await openTemp({ dataDir: null });
      const given: Promise<bigint[]>[] = [];
      for (const { appends, fails, pause } of jobs) {
        const outcome = store.transaction((tx) => {
          const mine = Array.from({ length: appends }, () => addEvent(tx));
          if (fails) throw new Error("no");
          return mine;
        });
        given.push(outcome.catch(() => []));
        if (pause) await outcome.catch(() => undefined);
      }
      const acknowledged = (await Promise.all(given)).flat();
      const kept = jobs.reduce((sum, { appends, fails }) => sum + (fails ? 0 : appends), 0);
      expect(acknowledged).toEqual(oneTo(kept));
      expect(seqs(store)).toEqual(oneTo(kept));
      expect(store.read.events.head()).toBe(BigInt(kept));
      await store.close();
    }),
    { numRuns: 60 },
  );
});

test("events: every filter gives what a plain filter gives", async () => {
  const store = await openTemp({ dataDir: null });
  const specs = Array.from({ length: 200 }, (_, n) => ({
    seq: BigInt(n + 1),
    type: n % 7 === 0 ? 9 : n % 4,
    runnerId: `r${n % 3}`,
    sessionId: n % 5 ? `s${n % 4}` : "",
    projectName: n % 2 ? "alpha" : "beta",
  }));
  await store.transaction((tx) =>
    specs.forEach(({ seq: _, type, ...more }) => void addEvent(tx, type, more)),
  );
  const filters = fc.record(
    {
      limit: fc.integer({ min: 1, max: 50 }),
      types: fc.array(fc.constantFrom(0, 1, 2, 3, 9, 77), { maxLength: 5 }),
      runnerId: fc.constantFrom("r0", "r1", "none"),
      sessionId: fc.constantFrom("s0", "s3", "none"),
      projectName: fc.constantFrom("alpha", "beta"),
    },
    { requiredKeys: ["limit"] },
  );
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 210n }), filters, (after, filter: EventFilter) => {
      const expected = specs
        .filter((event) => event.seq > after)
        .filter((event) => !filter.types?.length || filter.types.includes(event.type))
        .filter((event) => filter.runnerId === undefined || event.runnerId === filter.runnerId)
        .filter((event) => filter.sessionId === undefined || event.sessionId === filter.sessionId)
        .filter((event) => filter.projectName === undefined || event.projectName === filter.projectName)
        .slice(0, filter.limit);
      expect(store.read.events.after(after, filter)).toMatchObject(expected);
      expect(store.read.events.after(after, filter)).toHaveLength(expected.length);
    }),
    { numRuns: 300 },
  );
});

test("events: what is appended is read back whole", async () => {
  const store = await openTemp({ dataDir: null });
  expect([store.read.events.head(), store.read.events.floor()]).toEqual([0n, 0n]);
  const event = {
    type: 3,
    createdAt: 4,
    runnerId: "r",
    projectName: "p",
    projectUid: "u",
    sessionId: "s",
    payloadType: "stratavore.v1.RunnerCreated",
    payload: new Uint8Array([0, 1, 255]),
    metadata: { k: "v" },
  };
  expect(await store.transaction((tx) => tx.events.append(event))).toBe(1n);
  const [read] = store.read.events.after(0n, { limit: 1 });
  expect(read).toEqual({ seq: 1n, ...event, payload: Buffer.from(event.payload) });
});

test("events: a seq beyond 2^53 is exact, and one that was given is never given again", async () => {
  const { store, writer } = await openWithWriter();
  await store.transaction((tx) => [addEvent(tx), addEvent(tx)]);
  writer.exec("DELETE FROM events");
  expect([store.read.events.head(), store.read.events.floor()]).toEqual([2n, 2n]);
  expect(await store.transaction((tx) => addEvent(tx))).toBe(3n);
  expect(store.read.events.floor()).toBe(2n);
  const far = 2n ** 53n + 1n;
  writer.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'events'").run(far);
  expect(await store.transaction((tx) => addEvent(tx))).toBe(far + 1n);
  expect(store.read.events.after(far, { limit: 5 }).map((event) => event.seq)).toEqual([far + 1n]);
  expect(store.read.events.head()).toBe(far + 1n);
});

test("usage: adds up by day, and keeps currencies and bases apart", async () => {
  const store = await openTemp({ dataDir: null });
  const base: UsageAddition = {
    projectUid: "p1",
    day: "2026-11-23",
    runnerId: "r1",
    sessionId: "s1",
    model: "m",
    costBasis: 1,
    currency: "USD",
  };
  const huge = 2n ** 60n;
  await store.transaction((tx) => {
    tx.usage.add({ ...base, inputTokens: huge, outputTokens: 5n, costNanos: 10n });
    tx.usage.add({
      ...base,
      inputTokens: 1n,
      cacheReadTokens: 2n,
      cacheWriteTokens: 3n,
      reasoningTokens: 4n,
      costNanos: 5n,
    });
    tx.usage.add({ ...base, runnerId: "r2", costBasis: 2, costNanos: 7n });
    tx.usage.add({ ...base, costBasis: 4, currency: "", outputTokens: 1n });
    tx.usage.add({ ...base, day: "2026-11-22", inputTokens: 100n });
    tx.usage.add({ ...base, projectUid: "p2", inputTokens: 1n });
  });
  expect(store.read.usage.today("p1", "2026-11-23")).toEqual({
    inputTokens: huge + 1n,
    outputTokens: 6n,
    cacheReadTokens: 2n,
    cacheWriteTokens: 3n,
    reasoningTokens: 4n,
    costs: [
      { currency: "USD", basis: 1, nanos: 15n },
      { currency: "USD", basis: 2, nanos: 7n },
    ],
  });
  expect(store.read.usage.total("p1").inputTokens).toBe(huge + 101n);
  expect(store.read.usage.today("p3", "2026-11-23")).toMatchObject({ inputTokens: 0n, costs: [] });
  expect(store.read.usage.ofAll("2026-11-23")).toEqual({
    ...store.read.usage.today("p1", "2026-11-23"),
    inputTokens: huge + 2n,
  });
});

test("usage: sums by project, day and all time are those of what was added", async () => {
  const addition = fc.record({
    projectUid: fc.constantFrom("p1", "p2", "p3"),
    day: fc.constantFrom("2026-11-22", "2026-11-23"),
    runnerId: fc.constantFrom("r1", "r2"),
    sessionId: fc.constantFrom("s1", "s2"),
    model: fc.constantFrom("", "m"),
    costBasis: fc.constantFrom(1, 2),
    currency: fc.constantFrom("EUR", "USD"),
    inputTokens: fc.bigInt({ min: 0n, max: 2n ** 40n }),
    reasoningTokens: fc.bigInt({ min: 0n, max: 9n }),
    costNanos: fc.bigInt({ min: 0n, max: 2n ** 50n }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(addition, { maxLength: 30 }), async (additions) => {
      const store = await openTemp({ dataDir: null });
      await store.transaction((tx) => additions.forEach((each) => void tx.usage.add(each)));
      const { usage } = store.read;
      const check = (sum: UsageSum | undefined, of: typeof additions) => {
        const add = (key: "inputTokens" | "reasoningTokens" | "costNanos", some = of) =>
          some.reduce((total, each) => total + each[key], 0n);
        expect(sum?.inputTokens ?? 0n).toBe(add("inputTokens"));
        expect(sum?.reasoningTokens ?? 0n).toBe(add("reasoningTokens"));
        expect(sum?.outputTokens ?? 0n).toBe(0n);
        for (const basis of [1, 2]) {
          for (const currency of ["EUR", "USD"]) {
            const some = of.filter((each) => each.costBasis === basis && each.currency === currency);
            const costs = sum?.costs.filter((cost) => cost.basis === basis && cost.currency === currency);
            const nanos = add("costNanos", some);
            expect(costs ?? []).toEqual(nanos === 0n ? [] : [{ basis, currency, nanos }]);
          }
        }
      };
      for (const day of [undefined, "2026-11-22", "2026-11-23", "2026-11-24"]) {
        const onDay = additions.filter((each) => day === undefined || each.day === day);
        check(usage.ofAll(day), onDay);
        const byProject = usage.byProject(day);
        expect([...byProject.keys()]).toEqual([...new Set(onDay.map((each) => each.projectUid))].sort());
        for (const uid of ["p1", "p2", "p3"]) {
          const mine = onDay.filter((each) => each.projectUid === uid);
          check(byProject.get(uid), mine);
          check(day === undefined ? usage.total(uid) : usage.today(uid, day), mine);
        }
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
});

test("requests: an id is answered once in its scope, until it is swept", async () => {
  const store = await openTemp({ dataDir: null });
  const request = {
    scope: "CreateRunner",
    requestId: "q1",
    bodyHash: new Uint8Array([1]),
    response: new Uint8Array([2]),
  };
  await store.transaction((tx) => tx.requests.put({ ...request, createdAt: 10 }));
  await expect(store.transaction((tx) => tx.requests.put(request))).rejects.toMatchObject({
    constraint: { type: "unique" },
  });
  await store.transaction((tx) => tx.requests.put({ ...request, scope: "CreateProject", createdAt: 20 }));
  expect(store.read.requests.get("CreateRunner", "q1")).toMatchObject({ createdAt: 10 });
  expect(store.read.requests.get("StopRunner", "q1")).toBeUndefined();
  expect(await store.transaction((tx) => tx.requests.sweep(20))).toBe(1);
  expect(store.read.requests.get("CreateRunner", "q1")).toBeUndefined();
  expect(store.read.requests.get("CreateProject", "q1")).toBeDefined();
});
