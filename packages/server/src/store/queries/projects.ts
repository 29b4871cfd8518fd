import { and, asc, count, eq, gt, type SQL, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewProject, ProjectPatch, ProjectRow } from "../rows.js";
import { projects } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";
import { ProjectRemoval, type RemovedWithProject } from "./project-removal.js";

const slot = sql.placeholder;

/** Which projects, and which page of them. `afterKey` is the name that the page before ended with. */
export interface ProjectFilter {
  readonly archived?: boolean | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly afterKey?: string | undefined;
}

export class ProjectReads {
  readonly #byName;
  readonly #byUid;
  readonly #names;
  readonly #all;
  readonly #some;

  constructor({ narrow }: Connection) {
    this.#byName = narrow.get((db) =>
      db
        .select()
        .from(projects)
        .where(eq(projects.name, slot("name"))),
    );
    this.#byUid = narrow.get((db) =>
      db
        .select()
        .from(projects)
        .where(eq(projects.uid, slot("uid"))),
    );
    this.#names = narrow.all((db) =>
      db.select({ name: projects.name }).from(projects).orderBy(asc(projects.name)),
    );
    const list = (filter?: SQL) => ({
      page: narrow.all((db) =>
        db
          .select()
          .from(projects)
          .where(and(filter, gt(projects.name, slot("after"))))
          .orderBy(asc(projects.name))
          .limit(slot("limit"))
          .offset(slot("offset")),
      ),
      total: narrow.get((db) => db.select({ n: count() }).from(projects).where(filter)),
    });
    this.#all = list();
    this.#some = list(eq(projects.archived, slot("archived")));
  }

  byName(name: string): ProjectRow | undefined {
    return this.#byName({ name });
  }

  byUid(uid: string): ProjectRow | undefined {
    return this.#byUid({ uid });
  }

  /** A page in the order of names, and how many match in all. */
  list(filter: ProjectFilter): { rows: ProjectRow[]; total: number } {
    const { archived, limit, offset = 0, afterKey = "" } = filter;
    const query = archived === undefined ? this.#all : this.#some;
    const values = { archived: Number(archived), limit, offset, after: afterKey };
    return { rows: query.page(values), total: query.total(values)?.n ?? 0 };
  }

  /** Every name, sorted. */
  names(): string[] {
    return this.#names().map((row) => row.name);
  }
}

export class ProjectWrites extends ProjectReads {
  readonly #insert;
  readonly #update;
  readonly #updateExact;
  readonly #delete;
  readonly #removal;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    this.#removal = new ProjectRemoval(connection, wake);
    const { narrow } = connection;
    const next = { version: sql`${projects.version} + 1` };
    const same = eq(projects.uid, slot("whereUid"));
    this.#insert = inserter(narrow, projects);
    this.#update = patcher(narrow, projects, same, next);
    this.#updateExact = patcher(
      narrow,
      projects,
      sql`${same} AND ${eq(projects.version, slot("whereVersion"))}`,
      next,
    );
    this.#delete = narrow.run((db) => db.delete(projects).where(eq(projects.uid, slot("uid"))));
  }

  /** Raises `constraint` (unique, `projects.name`) if the name is taken. */
  insert(project: NewProject): ProjectRow {
    return this.#insert(project);
  }

  /** The row after the update; undefined if there is none, or none of the expected version. */
  update(uid: string, expectedVersion: number | undefined, patch: ProjectPatch): ProjectRow | undefined {
    const changes = { updatedAt: Date.now(), ...patch };
    return expectedVersion === undefined
      ? this.#update(changes, { whereUid: uid })
      : this.#updateExact(changes, { whereUid: uid, whereVersion: expectedVersion });
  }

  /** False if there was none. Raises `constraint` (foreign_key) while the project has runners. */
  delete(uid: string): boolean {
    return this.#delete({ uid }).changes > 0;
  }

  /**
   * Deletes it with its runners and their processes, and its sessions with their turns, messages and approvals, whatever their
   * state; gives how many, or undefined if there is no such project. Events, answers to requests, what was spent and the
   * totals of what was created stay.
   */
  deleteAll(uid: string): RemovedWithProject | undefined {
    return this.#removal.run(uid);
  }
}
