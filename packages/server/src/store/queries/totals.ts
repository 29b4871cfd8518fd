import { eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import { createdTotals } from "../schema/index.js";

/** How many were ever created, also those deleted since. */
export interface Created {
  readonly runners: number;
  readonly sessions: number;
  readonly turns: number;
}

const columns = {
  runners: createdTotals.runners,
  sessions: createdTotals.sessions,
  turns: createdTotals.turns,
};
const NONE: Created = { runners: 0, sessions: 0, turns: 0 };

export class TotalReads {
  readonly #all;
  readonly #ofProject;
  readonly #byProject;

  constructor({ narrow }: Connection) {
    const sum = (column: SQLColumn) => sql<number>`coalesce(sum(${column}), 0)`;
    this.#all = narrow.get((db) =>
      db
        .select({
          runners: sum(columns.runners),
          sessions: sum(columns.sessions),
          turns: sum(columns.turns),
        })
        .from(createdTotals),
    );
    this.#ofProject = narrow.get((db) =>
      db
        .select(columns)
        .from(createdTotals)
        .where(eq(createdTotals.projectUid, sql.placeholder("uid"))),
    );
    this.#byProject = narrow.all((db) => db.select().from(createdTotals));
  }

  /** Of one project, or of all there ever were. */
  created(projectUid?: string): Created {
    return (projectUid === undefined ? this.#all() : this.#ofProject({ uid: projectUid })) ?? NONE;
  }

  /** Of each project by its uid, also of deleted ones; one that never had any is missing. */
  createdByProject(): Map<string, Created> {
    return new Map(this.#byProject().map(({ projectUid, ...created }) => [projectUid, created]));
  }
}

type SQLColumn = (typeof columns)[keyof typeof columns];
