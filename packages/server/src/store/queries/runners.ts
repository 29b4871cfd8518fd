import { count, eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewRunner, RunnerPatch, RunnerRow } from "../rows.js";
import { RUNNER_STATUSES, runnerCounts, runners } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";
import { type AfterKey, countsByProject, StatusPages } from "./status-pages.js";

const slot = sql.placeholder;

/** Which runners, and which page of them. `metadata` names pairs that must all be there; `afterKey` is the last row of the page before. */
export interface RunnerFilter {
  readonly projectName?: string | undefined;
  readonly statuses?: readonly number[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly afterKey?: AfterKey | undefined;
}

// Word for word the condition of the partial indexes, which SQLite matches by its text.
const isLive = sql.raw("status < 5");
const isLiveExternal = sql.raw("external = 1 AND status < 5");
const lastSign = sql`coalesce(${runners.lastHeartbeat}, ${runners.createdAt})`;
const hasRuntimeId = sql.raw("runtime_id <> ''");

const hasMetadata = sql`NOT EXISTS (
  SELECT 1 FROM json_each(${slot("metadata")}) AS wanted WHERE NOT EXISTS (
    SELECT 1 FROM json_each(${runners.metadata}) AS has WHERE has.key = wanted.key AND has.value = wanted.value))`;

export class RunnerReads {
  readonly #byId;
  readonly #byRuntimeId;
  readonly #live;
  readonly #countLive;
  readonly #byStatus;
  readonly #byStatusIn;
  readonly #countIn;
  readonly #byProject;
  readonly #stale;
  readonly #pages;

  constructor(connection: Connection) {
    const { narrow, wide } = connection;
    this.#byId = wide.get((db) =>
      db
        .select()
        .from(runners)
        .where(eq(runners.id, slot("id"))),
    );
    this.#byRuntimeId = wide.get((db) =>
      db
        .select()
        .from(runners)
        .where(sql`${isLive} AND ${hasRuntimeId} AND ${eq(runners.runtimeId, slot("runtimeId"))}`),
    );
    this.#live = wide.all((db) => db.select().from(runners).where(isLive).orderBy(runners.createdAt));
    this.#countLive = narrow.get((db) =>
      db
        .select({ n: count() })
        .from(runners)
        .where(sql`${isLive} AND ${eq(runners.projectUid, slot("uid"))}`),
    );
    const summed = { status: runnerCounts.status, n: sql<number>`sum(${runnerCounts.count})` };
    this.#byStatus = narrow.all((db) =>
      db.select(summed).from(runnerCounts).groupBy(runnerCounts.status).orderBy(runnerCounts.status),
    );
    this.#byStatusIn = narrow.all((db) =>
      db
        .select(summed)
        .from(runnerCounts)
        .where(eq(runnerCounts.projectUid, slot("uid")))
        .groupBy(runnerCounts.status)
        .orderBy(runnerCounts.status),
    );
    this.#countIn = narrow.get((db) =>
      db
        .select({ n: sql<number>`coalesce(sum(${runnerCounts.count}), 0)` })
        .from(runnerCounts)
        .where(eq(runnerCounts.projectUid, slot("uid"))),
    );
    this.#byProject = narrow.all((db) =>
      db
        .select({ uid: runnerCounts.projectUid, status: runnerCounts.status, n: runnerCounts.count })
        .from(runnerCounts),
    );
    this.#stale = wide.all((db) =>
      db
        .select()
        .from(runners)
        .where(
          sql`${isLiveExternal} AND (${lastSign} + ${runners.heartbeatTtlMs} < ${slot("now")} OR ${lastSign} > ${slot("now")})`,
        )
        .orderBy(runners.id),
    );
    this.#pages = new StatusPages<RunnerRow>(connection, {
      table: runners,
      counts: runnerCounts,
      statuses: RUNNER_STATUSES,
      filters: {
        projectName: {
          row: eq(runners.projectName, slot("projectName")),
          counted: eq(runnerCounts.projectName, slot("projectName")),
        },
        metadata: { row: hasMetadata },
      },
    });
  }

  byId(id: string): RunnerRow | undefined {
    return this.#byId({ id });
  }

  /** The live runner that carries the id; there is at most one. */
  liveByRuntimeId(runtimeId: string): RunnerRow | undefined {
    return this.#byRuntimeId({ runtimeId });
  }

  /** Every live runner, oldest first. */
  live(): RunnerRow[] {
    return this.#live();
  }

  countLive(projectUid: string): number {
    return this.#countLive({ uid: projectUid })?.n ?? 0;
  }

  /** How many there are in each status, of one project or of all; a status without any may be missing. */
  countByStatus(projectUid?: string): Map<number, number> {
    const rows = projectUid === undefined ? this.#byStatus() : this.#byStatusIn({ uid: projectUid });
    return new Map(rows.map((row) => [row.status, row.n]));
  }

  /** The same for each project by its uid, in one read. */
  countByProject(): Map<string, Map<number, number>> {
    return countsByProject(this.#byProject());
  }

  /**
   * Live external runners whose last sign of life, or creation, lies further back than their TTL, or in the future, as after
   * the clock was set back; in the order of their ids. `now` in milliseconds.
   */
  staleExternal(now: number): RunnerRow[] {
    return this.#stale({ now });
  }

  /** How many the project has, in whatever status. */
  count(projectUid: string): number {
    return this.#countIn({ uid: projectUid })?.n ?? 0;
  }

  /** A page, newest first, and how many match in all. */
  list(filter: RunnerFilter): { rows: RunnerRow[]; total: number } {
    const { projectName, metadata, ...page } = filter;
    const asked = metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : undefined;
    return this.#pages.list({ ...page, matching: { projectName, metadata: asked } });
  }
}

export class RunnerWrites extends RunnerReads {
  readonly #wake;
  readonly #insert;
  readonly #update;
  readonly #updateExact;
  readonly #heartbeat;
  readonly #peak;
  readonly #delete;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    const { wide, narrow } = connection;
    const next = { version: sql`${runners.version} + 1` };
    const same = eq(runners.id, slot("whereId"));
    const exact = sql`${same} AND ${eq(runners.version, slot("whereVersion"))}`;
    this.#wake = wake;
    this.#insert = inserter(wide, runners);
    this.#update = patcher(wide, runners, same, next);
    this.#updateExact = patcher(wide, runners, exact, next);
    this.#heartbeat = narrow.run((db) =>
      db
        .update(runners)
        .set({ lastHeartbeat: sql`${slot("at")}` })
        .where(eq(runners.id, slot("id"))),
    );
    this.#peak = narrow.run((db) =>
      db
        .update(runners)
        .set({ peakMemoryMb: sql`max(${runners.peakMemoryMb}, ${slot("mb")})` })
        .where(eq(runners.id, slot("id"))),
    );
    this.#delete = narrow.run((db) => db.delete(runners).where(eq(runners.id, slot("id"))));
  }

  /** Raises `constraint` (unique, `runners.runtime_id`) if a live runner carries the runtime id. */
  insert(runner: NewRunner): RunnerRow {
    const row = this.#insert(runner);
    this.#wake(`runner:${row.id}`);
    return row;
  }

  /** The row after the update; undefined if there is none, or none of the expected version. */
  update(id: string, patch: RunnerPatch, expectedVersion?: number): RunnerRow | undefined {
    const changes = { updatedAt: Date.now(), ...patch };
    const row =
      expectedVersion === undefined
        ? this.#update(changes, { whereId: id })
        : this.#updateExact(changes, { whereId: id, whereVersion: expectedVersion });
    if (row) this.#wake(`runner:${id}`);
    return row;
  }

  /** Notes a sign of life. It is no change of the runner: version and `updated_at` stay, and nobody is woken. */
  heartbeat(id: string, at: number): boolean {
    return this.#heartbeat({ id, at }).changes > 0;
  }

  /** Notes memory that was measured, in MiB, if it is the most so far. No change of the runner either. */
  measured(id: string, mb: number): void {
    this.#peak({ id, mb });
  }

  /** Its process row goes with it; its sessions stay. False if there was none. */
  delete(id: string): boolean {
    const gone = this.#delete({ id }).changes > 0;
    if (gone) this.#wake(`runner:${id}`);
    return gone;
  }
}
