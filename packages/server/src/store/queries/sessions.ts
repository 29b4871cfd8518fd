import { asc, desc, eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewSession, SessionPatch, SessionRow } from "../rows.js";
import { SESSION_STATUSES, sessionCounts, sessions } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";
import { type AfterKey, countsByProject, StatusPages } from "./status-pages.js";

const slot = sql.placeholder;

/** Which sessions, and which page of them. `afterKey` is the last row of the page before. */
export interface SessionFilter {
  readonly projectName?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly statuses?: readonly number[] | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly afterKey?: AfterKey | undefined;
}

export class SessionReads {
  readonly #byId;
  readonly #active;
  readonly #count;
  readonly #byStatus;
  readonly #ofRunner;
  readonly #pages;

  constructor(connection: Connection) {
    const { narrow, wide } = connection;
    this.#byId = wide.get((db) =>
      db
        .select()
        .from(sessions)
        .where(eq(sessions.id, slot("id"))),
    );
    this.#active = wide.get((db) =>
      db
        .select()
        .from(sessions)
        .where(sql`${eq(sessions.runnerId, slot("runnerId"))} AND ${sessions.status} IN (1, 2)`)
        .orderBy(desc(sessions.createdAt), desc(sessions.id))
        .limit(1),
    );
    this.#count = narrow.get((db) =>
      db
        .select({ n: sql<number>`coalesce(sum(${sessionCounts.count}), 0)` })
        .from(sessionCounts)
        .where(eq(sessionCounts.projectUid, slot("uid"))),
    );
    this.#byStatus = narrow.all((db) =>
      db
        .select({ uid: sessionCounts.projectUid, status: sessionCounts.status, n: sessionCounts.count })
        .from(sessionCounts),
    );
    this.#ofRunner = wide.all((db) =>
      db
        .select()
        .from(sessions)
        .where(eq(sessions.runnerId, slot("runnerId")))
        .orderBy(asc(sessions.createdAt), asc(sessions.id)),
    );
    this.#pages = new StatusPages<SessionRow>(connection, {
      table: sessions,
      counts: sessionCounts,
      statuses: SESSION_STATUSES,
      filters: {
        // The plus keeps SQLite on the runner's index when both are asked: a runner has fewer sessions than a project.
        projectName: {
          row: eq(sessions.projectName, slot("projectName")),
          counted: eq(sessionCounts.projectName, slot("projectName")),
        },
        projectOfRunner: { row: sql`+${sessions.projectName} = ${slot("projectOfRunner")}` },
        runnerId: { row: eq(sessions.runnerId, slot("runnerId")) },
      },
    });
  }

  byId(id: string): SessionRow | undefined {
    return this.#byId({ id });
  }

  /** The runner's session that is ACTIVE or IDLE; the newest, should there be several. */
  activeForRunner(runnerId: string): SessionRow | undefined {
    return this.#active({ runnerId });
  }

  /** All of the runner's sessions, in whatever status, oldest first. */
  forRunner(runnerId: string): SessionRow[] {
    return this.#ofRunner({ runnerId });
  }

  /** How many each project has in each status, by the project's uid, in one read. */
  countByProject(): Map<string, Map<number, number>> {
    return countsByProject(this.#byStatus());
  }

  /** How many the project has, in whatever status. */
  count(projectUid: string): number {
    return this.#count({ uid: projectUid })?.n ?? 0;
  }

  /** A page, newest first, and how many match in all. */
  list(filter: SessionFilter): { rows: SessionRow[]; total: number } {
    const { projectName, runnerId, ...page } = filter;
    const matching = runnerId === undefined ? { projectName } : { runnerId, projectOfRunner: projectName };
    return this.#pages.list({ ...page, matching });
  }
}

export class SessionWrites extends SessionReads {
  readonly #wake;
  readonly #insert;
  readonly #update;
  readonly #updateExact;
  readonly #delete;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    const { wide, narrow } = connection;
    const next = { version: sql`${sessions.version} + 1` };
    const same = eq(sessions.id, slot("whereId"));
    const exact = sql`${same} AND ${eq(sessions.version, slot("whereVersion"))}`;
    this.#wake = wake;
    this.#insert = inserter(wide, sessions);
    this.#update = patcher(wide, sessions, same, next);
    this.#updateExact = patcher(wide, sessions, exact, next);
    this.#delete = narrow.run((db) => db.delete(sessions).where(eq(sessions.id, slot("id"))));
  }

  insert(session: NewSession): SessionRow {
    const row = this.#insert(session);
    this.#wake(`session:${row.id}`);
    return row;
  }

  /** The row after the update; undefined if there is none, or none of the expected version. */
  update(id: string, patch: SessionPatch, expectedVersion?: number): SessionRow | undefined {
    const changes = { updatedAt: Date.now(), ...patch };
    const row =
      expectedVersion === undefined
        ? this.#update(changes, { whereId: id })
        : this.#updateExact(changes, { whereId: id, whereVersion: expectedVersion });
    if (row) this.#wake(`session:${id}`);
    return row;
  }

  /** Its turns, messages and approvals go with it. False if there was none. */
  delete(id: string): boolean {
    const gone = this.#delete({ id }).changes > 0;
    if (gone) this.#wake(`session:${id}`);
    return gone;
  }
}
