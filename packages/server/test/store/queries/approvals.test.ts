import fc from "fast-check";
import { expect, test } from "vitest";
import type { ApprovalFilter } from "../../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp } from "../fixtures.js";

test("lists agree with a plain filter and sort, whatever is asked", async () => {
  const store = await openTemp({ dataDir: null });
  const specs = Array.from({ length: 100 }, (_, n) => ({
    id: `a${String((n * 37) % 100).padStart(3, "0")}`,
    createdAt: Math.floor(n / 7),
    state: (n % 5) + 1,
    sessionId: `s${n % 4}`,
    runnerId: `r${n % 3}`,
    projectName: n % 2 ? "alpha" : "beta",
    agentRequestId: "7",
    request: new Uint8Array(),
    resolvedAt: n % 5 ? n : null,
  }));
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1");
    for (let n = 0; n < 4; n++) addSession(tx, `s${n}`);
    for (const spec of specs) tx.approvals.insert(spec);
  });
  const filters = fc.record(
    {
      limit: fc.integer({ min: 1, max: 40 }),
      projectName: fc.constantFrom("alpha", "none"),
      runnerId: fc.constantFrom("r0", "r2", "none"),
      sessionId: fc.constantFrom("s0", "s3", "none"),
      states: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
      afterKey: fc.constantFrom(...specs.map(({ createdAt, id }) => ({ createdAt, id }))),
    },
    { requiredKeys: ["limit"] },
  );
  fc.assert(
    fc.property(filters, (filter: ApprovalFilter) => {
      const { projectName, runnerId, sessionId, states, afterKey, limit } = filter;
      const expected = specs
        .filter((row) => projectName === undefined || row.projectName === projectName)
        .filter((row) => runnerId === undefined || row.runnerId === runnerId)
        .filter((row) => sessionId === undefined || row.sessionId === sessionId)
        .filter((row) => !states?.length || states.includes(row.state))
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
        .filter(
          (row) =>
            !afterKey ||
            row.createdAt > afterKey.createdAt ||
            (row.createdAt === afterKey.createdAt && row.id > afterKey.id),
        )
        .slice(0, limit);
      expect(store.read.approvals.list(filter).map((row) => row.id)).toEqual(expected.map((row) => row.id));
    }),
    { numRuns: 300 },
  );
});
