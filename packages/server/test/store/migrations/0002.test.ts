import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../../src/store/index.js";
import { MIGRATIONS } from "../../../src/store/migrations/index.js";
import { openTemp, tempDir, withRaw } from "../fixtures.js";

test("a store of the first schema keeps its transcripts, which can be searched, and its totals", async () => {
  const dataDir = tempDir();
  await openStore({ dataDir, migrations: MIGRATIONS.slice(0, 1) }).then((store) => store.close());
  withRaw(join(dataDir, "stratavore.db"), (raw) => {
    raw.exec(`
      INSERT INTO projects (uid, name, path, created_at, updated_at) VALUES ('p1', 'alpha', '/', 1, 1), ('p2', 'beta', '/', 1, 1);
      INSERT INTO runners (id, project_uid, project_name, status, agent, spec, created_at, updated_at)
        VALUES ('r1', 'p1', 'alpha', 2, 'demo', x'', 1, 1), ('r2', 'p2', 'beta', 6, 'demo', x'', 1, 1);
      INSERT INTO sessions (id, runner_id, project_uid, project_name, status, next_ordinal, created_at, updated_at, last_activity)
        VALUES ('s1', 'r1', 'p1', 'alpha', 1, 4, 1, 1, 1), ('s0', 'r2', 'p2', 'beta', 3, 1, 1, 1, 1);
      INSERT INTO turns (id, session_id, runner_id, seq, state, prompt, created_at) VALUES ('t1', 's1', 'r1', 1, 1, x'', 1);
      INSERT INTO messages (session_id, ordinal, turn_id, role, content, parts, complete, usage, metadata, created_at, completed_at)
        VALUES ('s1', 2, 't1', 'assistant', 'second words', x'02', 1, x'05', '{"k":"v"}', 20, 21),
          ('s1', 1, NULL, 'user', 'first words', x'01', 1, NULL, '{}', 10, 11),
          ('s1', 3, NULL, 'assistant', 'words in flight', x'', 0, NULL, '{}', 30, NULL);
      INSERT INTO message_chunks VALUES ('s1', 3, 1, x'09');
      INSERT INTO usage_daily (project_uid, day, runner_id, session_id, model, cost_basis, currency, input_tokens, cost_nanos)
        VALUES ('p1', '2026-11-22', 'r1', 's1', 'm', 1, 'USD', 5, 9), ('p1', '2026-11-23', 'r1', 's1', 'm', 1, 'USD', 6, 1),
          ('p1', '2026-11-23', 'r1', 's2', 'm', 1, 'USD', 7, 0);`);
  });

  const { read, ...store } = await openTemp({ dataDir }).then((opened) => ({
    read: opened.read,
    transaction: opened.transaction.bind(opened),
  }));
  expect(read.messages.page("s1", 1n, 10).map((row) => [row.ordinal, row.content, row.complete])).toEqual([
    [1n, "first words", true],
    [2n, "second words", true],
    [3n, "words in flight", false],
  ]);
  expect(read.messages.byOrdinal("s1", 2n)).toMatchObject({
    turnId: "t1",
    parts: Buffer.from([2]),
    usage: Buffer.from([5]),
    metadata: { k: "v" },
    createdAt: 20,
    completedAt: 21,
  });
  const found = () =>
    read.messages
      .search({ query: "words", projectName: "alpha", limit: 9 })
      .rows.map((hit) => hit.ordinal)
      .sort();
  expect(found()).toEqual([1n, 2n]);
  await store.transaction((tx) =>
    tx.messages.complete("s1", 3n, { content: "words", parts: new Uint8Array() }),
  );
  expect(found()).toEqual([1n, 2n, 3n]);
  expect(read.chunks.after("s1", 3n, 0)).toEqual([]);

  expect(read.totals.created()).toEqual({ runners: 2, sessions: 2, turns: 1 });
  expect(read.totals.created("p1")).toEqual({ runners: 1, sessions: 1, turns: 1 });
  expect([read.usage.total("p1").inputTokens, read.usage.today("p1", "2026-11-23").inputTokens]).toEqual([
    18n,
    13n,
  ]);
  expect(read.usage.ofAll().costs).toEqual([{ currency: "USD", basis: 1, nanos: 10n }]);
  expect(read.sessions.byId("s1")).toMatchObject({ forkOf: null });
  expect(read.runners.byId("r1")).toMatchObject({ heartbeatTtlMs: null });
});
