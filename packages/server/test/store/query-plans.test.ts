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
  ["approvals past their time", /approvals_pending/, (r) => r.approvals.due(1)],
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
  ["what a project spent today", /\(day=\? AND project_uid=\?\)/, (r) => r.usage.today("p", "2026-01-01")],
  ["what a runner ever spent", /usage_daily_by_runner \(runner_id=\?\)/, (r) => r.usage.ofRunnerEver("r")],
  [
    "what a runner spent today",
    /usage_daily_by_runner \(runner_id=\? AND project_uid=\? AND day=\?\)/,
    (r) => r.usage.ofRunner("p", "2026-01-01", "r"),
  ],
  [
    "what each project spent today",
    /usage_sums USING PRIMARY KEY \(day=\?\)/,
    (r) => r.usage.byProject("2026-01-01"),
  ],
  [
    "events of a session and types",
    /events_by_session \(session_id=\? AND (seq|rowid)>\?/,
    (r) => r.events.after(0n, { sessionId: "s", types: [1, 2], limit: 50 }),
  ],
  [
    "events of a session, a runner, a project and types",
    /events_by_session \(session_id=\? AND (seq|rowid)>\?/,
    (r) => r.events.after(0n, { sessionId: "s", runnerId: "r", projectName: "p", types: [1], limit: 50 }),
  ],
  [
    "approvals of a session in a project",
    /approvals_by_session \(session_id=\? AND state=\? AND \(created_at,id\)>/,
    (r) => r.approvals.list({ ...page, sessionId: "s", runnerId: "r", projectName: "p" }),
  ],
  [
    "approvals of a runner",
    /approvals_by_runner \(runner_id=\? AND state=\?/,
    (r) => r.approvals.list({ limit: 50, runnerId: "r", states: [1] }),
  ],
  [
    "approvals of a project and some states",
    /approvals_by_project \(project_name=\? AND state=\?/,
    (r) => r.approvals.list({ ...page, projectName: "p", states: [1, 2] }),
  ],
  ["all approvals", /approvals_by_state \(state=\?/, (r) => r.approvals.list({ limit: 50 })],
  [
    "external runners past their time",
    /runners USING INDEX runners_external/,
    (r) => r.runners.staleExternal(1),
  ],
  ["old requests", /requests_by_age/, (_, tx) => tx.requests.sweep(1)],
];

test.each(hot)("%s: by an index, without a scan or a sort", (_what, index, run) => {
  const plans = plansOf(() => run(reads, writes));
  expect(plans.length).toBeGreaterThan(0);
  const steps = plans.flat();
  expect(steps.join("\n")).toMatch(index);
  // The tables of counts, the indexes of what is pending or external and live, and the values of a list parameter are small, whatever the store holds.
  const slow = steps.filter((step) =>
    /^SCAN (?!approvals USING INDEX approvals_pending|runners USING INDEX runners_external|runner_counts|session_counts|json_each|wanted|has)|TEMP B-TREE FOR ORDER/.test(
      step,
    ),
  );
  expect(slow).toEqual([]);
});

test("a search: ranks what the full-text index gives newest first, and reads rows and snippets for the page alone", () => {
  const plans = plansOf(() => reads.messages.search({ query: "a", projectName: "p", after: 1, limit: 5 }));
  const tables = plans.flat().filter((step) => /message|session|TEMP/.test(step));
  expect(tables).toEqual([
    "SEARCH messages",
    // Bit 64 says that the index is walked in the order that is asked, bit 128 that it is walked backwards.
    "SCAN message_search VIRTUAL TABLE INDEX 192:M2<",
    "SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)",
    "USE TEMP B-TREE FOR ORDER BY",
    "SCAN message_search VIRTUAL TABLE INDEX 0:=M2",
    "SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)",
    "SEARCH sessions USING INDEX sqlite_autoindex_sessions_1 (id=?)",
  ]);
});

test("what goes with a project: found by indexes", () => {
  writes.projects.insert({ uid: "p", name: "p", path: "/" });
  const steps = plansOf(() => writes.projects.deleteAll("p")).flat();
  expect(steps.filter((step) => step.startsWith("SCAN"))).toEqual([]);
  expect(steps).toContainEqual(expect.stringMatching(/sessions_by_project \(project_name=\?\)/));
  expect(steps).toContainEqual(expect.stringMatching(/runners_of_project \(project_uid=\?\)/));
});

test.each([
  ["the active session of a runner", "(runner_id=? AND status=?)", () => reads.sessions.activeForRunner("r")],
  ["the sessions of a runner", "(runner_id=?)", () => reads.sessions.forRunner("r")],
])("%s: by an index; only what that finds is sorted", (_what, key, run) => {
  expect(plansOf(run)).toEqual([
    [expect.stringContaining(`USING INDEX sessions_by_runner ${key}`), "USE TEMP B-TREE FOR ORDER BY"],
  ]);
});
