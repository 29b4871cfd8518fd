import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../../src/store/index.js";
import { MIGRATIONS } from "../../../src/store/migrations/index.js";
import { openTemp, tempDir, withRaw } from "../fixtures.js";

test("usage of an earlier schema is of whoever created its runner, and sums go on from what they were", async () => {
  const dataDir = tempDir();
  await openStore({ dataDir, migrations: MIGRATIONS.slice(0, 3) }).then((store) => store.close());
  withRaw(join(dataDir, "stratavore.db"), (raw) => {
    raw.exec(`
      INSERT INTO projects (uid, name, path, created_at, updated_at) VALUES ('p1', 'alpha', '/', 1, 1);
      INSERT INTO runners (id, project_uid, project_name, status, agent, spec, created_by, created_at, updated_at)
        VALUES ('r1', 'p1', 'alpha', 2, 'demo', x'', 'ada', 1, 1);
      INSERT INTO sessions (id, runner_id, project_uid, project_name, status, usage, created_at, updated_at, last_activity)
        VALUES ('s1', 'r1', 'p1', 'alpha', 1, x'07', 1, 1, 1);
      INSERT INTO usage_daily (project_uid, day, runner_id, session_id, model, cost_basis, currency, input_tokens, cost_nanos)
        VALUES ('p1', '2026-11-22', 'r1', 's1', 'm', 1, 'USD', 5, 9), ('p0', '2026-11-22', 'r0', 's0', 'm', 1, 'USD', 2, 1);`);
  });
  const store = await openTemp({ dataDir });
  const people = () => store.read.usageReports.page({ by: ["person", "project"], limit: 9 });
  expect(people()).toMatchObject([
    { key: ["p0", ""], projectName: "", inputTokens: 2n },
    { key: ["p1", "ada"], projectName: "alpha", inputTokens: 5n, costNanos: 9n, basis: 1, currency: "USD" },
  ]);
  expect(store.read.sessions.byId("s1")!.reportedUsage).toEqual(Buffer.from([7]));
  const more = {
    day: "2026-11-22",
    runnerId: "r1",
    sessionId: "s1",
    model: "m",
    costBasis: 1,
    currency: "USD",
  };
  for (const person of ["ada", "ada", "bob"]) {
    await store.transaction((tx) => tx.usage.add({ projectUid: "p1", ...more, person, inputTokens: 10n }));
  }
  expect(people().map(({ key, inputTokens }) => [key[1], inputTokens])).toEqual([
    ["", 2n],
    ["ada", 25n],
    ["bob", 10n],
  ]);
  expect(store.read.usage.total("p1").inputTokens).toBe(35n);
  expect(store.read.usage.ofRunnerEver("r1").inputTokens).toBe(35n);
});
