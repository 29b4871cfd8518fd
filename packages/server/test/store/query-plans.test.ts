import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { connect } from "../../src/store/connection.js";
import { migrate } from "../../src/store/migrate.js";
import { MIGRATIONS } from "../../src/store/migrations/index.js";
import {
  createReads,
  createTransaction,
  type Reads,
  type Transaction,
} from "../../src/store/queries/index.js";

const raw = new Database(":memory:");
migrate(raw, MIGRATIONS);

// Every statement that the queries prepare, as SQLite gets it.
const prepared: string[] = [];
const prepare = raw.prepare.bind(raw);
raw.prepare = ((source: string) => {
  prepared.push(source);
  return prepare(source);
}) as typeof raw.prepare;

const open = { check: () => undefined, failed: (error: unknown) => error };
const reads = createReads(connect(raw, open));
const writes = createTransaction(connect(raw, open), () => undefined);

function plansOf(run: () => unknown): string[][] {
  prepared.length = 0;
  run();
  return prepared
    .filter((source) => !source.startsWith("EXPLAIN"))
    .map((source) =>
      (
        prepare(`EXPLAIN QUERY PLAN ${source}`).all(...Array(source.split("?").length - 1).fill(1)) as {
          detail: string;
        }[]
      ).map((step) => step.detail),
    );
}

const page = { limit: 50, offset: 0, afterKey: { createdAt: 1, id: "x" } };

const hot: [what: string, index: RegExp, run: (read: Reads, tx: Transaction) => unknown][] = [
  [
    "runners of a project and a status",
    /runners_by_project \(project_name=\? AND status=\?/,
    (r) => r.runners.list({ ...page, projectName: "p", statuses: [2] }),
  ],
  [
    "runners of a project",
    /runners_by_project \(project_name=\? AND status=\?/,
    (r) => r.runners.list({ ...page, projectName: "p" }),
  ],
  [
    "runners of some statuses",
    /runners_by_status \(status=\?/,
    (r) => r.runners.list({ ...page, statuses: [1, 2, 5] }),
  ],
  [
    "runners by metadata",
    /runners_by_project \(project_name=\? AND status=\?/,
    (r) => r.runners.list({ ...page, projectName: "p", metadata: { a: "b" } }),
  ],
  ["all runners", /runners_by_status \(status=\?/, (r) => r.runners.list({ limit: 50 })],
  ["the live runners of a project", /runners_live \(project_uid=\?\)/, (r) => r.runners.countLive("p")],
  [
    "the live runner of a runtime id",
    /runners_live_runtime_id \(runtime_id=\?\)/,
    (r) => r.runners.liveByRuntimeId("x"),
  ],
  [
    "sessions of a project",
    /sessions_by_project \(project_name=\? AND status=\?/,
    (r) => r.sessions.list({ ...page, projectName: "p" }),
  ],
  [
    "sessions of a runner in a project",
    /sessions_by_runner \(runner_id=\? AND status=\?/,
    (r) => r.sessions.list({ ...page, projectName: "p", runnerId: "r" }),
  ],
  ["the next turn", /turns_open|turns_by_session/, (r) => r.turns.nextQueued("s")],
  ["a page of a transcript", /\(session_id=\? AND ordinal>\?\)/, (r) => r.messages.page("s", 1n, 50)],
  [
    "the chunks of a message",
    /\(session_id=\? AND ordinal=\? AND idx>\?\)/,
    (r) => r.chunks.after("s", 1n, 0),
  ],
  ["pending approvals", /approvals_pending/, (r) => r.approvals.pending()],
  ["an approval by request", /approvals_by_agent_request/, (r) => r.approvals.byAgentRequest("r", "1")],
  ["the log", /INTEGER PRIMARY KEY \(rowid>\?\)/, (r) => r.events.after(0n, { limit: 50 })],
  [
    "events of a runner and types",
    /events_by_runner \(runner_id=\? AND seq>\?|events_by_runner \(runner_id=\? AND rowid>\?/,
    (r) => r.events.after(0n, { runnerId: "r", types: [1, 2], limit: 50 }),
  ],
  [
    "events of a project",
    /events_by_project \(project_name=\? AND (seq|rowid)>\?/,
    (r) => r.events.after(0n, { projectName: "p", limit: 50 }),
  ],
  [
    "events of types",
    /events_by_type \(type=\? AND (seq|rowid)>\?/,
    (r) => r.events.after(0n, { types: [1, 2, 3], limit: 50 }),
  ],
  ["what a project spent today", /\(project_uid=\? AND day=\?\)/, (r) => r.usage.today("p", "2026-01-01")],
  ["old requests", /requests_by_age/, (_, tx) => tx.requests.sweep(1)],
];

test.each(hot)("%s: by an index, without a scan or a sort", (_what, index, run) => {
  const plans = plansOf(() => run(reads, writes));
  expect(plans.length).toBeGreaterThan(0);
  const steps = plans.flat();
  expect(steps.join("\n")).toMatch(index);
  // The tables of counts, the index of what is pending and the values of a list parameter are small, whatever the store holds.
  const slow = steps.filter((step) =>
    /^SCAN (?!approvals USING INDEX approvals_pending|runner_counts|session_counts|json_each|wanted|has)|TEMP B-TREE FOR ORDER/.test(
      step,
    ),
  );
  expect(slow).toEqual([]);
});

test("the active session of a runner: by an index; only what that finds is sorted", () => {
  expect(plansOf(() => reads.sessions.activeForRunner("r"))).toEqual([
    [
      expect.stringContaining("USING INDEX sessions_by_runner (runner_id=? AND status=?)"),
      "USE TEMP B-TREE FOR ORDER BY",
    ],
  ]);
});
