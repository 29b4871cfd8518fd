import { and, eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import {
  approvals,
  projects,
  runnerCounts,
  runners,
  sessionCounts,
  sessions,
  turns,
} from "../schema/index.js";

const slot = sql.placeholder;

/** How much went with a project. */
export interface RemovedWithProject {
  readonly runners: number;
  readonly sessions: number;
  readonly turns: number;
  readonly messages: number;
  readonly approvals: number;
}

/** Takes a project away with all that belongs to it. */
export class ProjectRemoval {
  readonly #wake;
  readonly #name;
  readonly #counts;
  readonly #sessions;
  readonly #runners;
  readonly #rest;

  constructor({ narrow }: Connection, wake: (topic: string) => void) {
    this.#wake = wake;
    this.#name = narrow.get((db) =>
      db
        .select({ name: projects.name })
        .from(projects)
        .where(eq(projects.uid, slot("uid"))),
    );
    // The name leads the index; the uid keeps those of an earlier project of that name out.
    const ofProject = and(eq(sessions.projectName, slot("name")), eq(sessions.projectUid, slot("uid")));
    this.#counts = narrow.get((db) =>
      db
        .select({
          messages: sql<number>`coalesce(sum(${sessions.nextOrdinal} - 1), 0)`,
          turns: sql<number>`coalesce(sum((SELECT count(*) FROM ${turns} WHERE ${turns.sessionId} = ${sessions}.id)), 0)`,
          approvals: sql<number>`coalesce(sum((SELECT count(*) FROM ${approvals} WHERE ${approvals.sessionId} = ${sessions}.id)), 0)`,
        })
        .from(sessions)
        .where(ofProject),
    );
    this.#sessions = narrow.all((db) => db.delete(sessions).where(ofProject).returning({ id: sessions.id }));
    this.#runners = narrow.all((db) =>
      db
        .delete(runners)
        .where(eq(runners.projectUid, slot("uid")))
        .returning({ id: runners.id }),
    );
    this.#rest = [
      narrow.run((db) => db.delete(runnerCounts).where(eq(runnerCounts.projectUid, slot("uid")))),
      narrow.run((db) => db.delete(sessionCounts).where(eq(sessionCounts.projectUid, slot("uid")))),
      narrow.run((db) => db.delete(projects).where(eq(projects.uid, slot("uid")))),
    ];
  }

  /** What went with it; undefined if there is no such project. */
  run(uid: string): RemovedWithProject | undefined {
    const name = this.#name({ uid })?.name;
    if (name === undefined) return undefined;
    const counts = this.#counts({ uid, name }) ?? { messages: 0, turns: 0, approvals: 0 };
    const goneSessions = this.#sessions({ uid, name });
    const goneRunners = this.#runners({ uid });
    for (const remove of this.#rest) remove({ uid });
    for (const { id } of goneSessions) this.#wake(`session:${id}`);
    for (const { id } of goneRunners) this.#wake(`runner:${id}`);
    return { ...counts, runners: goneRunners.length, sessions: goneSessions.length };
  }
}
