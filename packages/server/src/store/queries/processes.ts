import { eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewProcess, ProcessPatch, ProcessRow } from "../rows.js";
import { runnerProcesses } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";

const slot = sql.placeholder;

export class ProcessReads {
  readonly #get;
  readonly #all;

  constructor({ wide }: Connection) {
    this.#get = wide.get((db) =>
      db
        .select()
        .from(runnerProcesses)
        .where(eq(runnerProcesses.runnerId, slot("runnerId"))),
    );
    this.#all = wide.all((db) => db.select().from(runnerProcesses).orderBy(runnerProcesses.runnerId));
  }

  get(runnerId: string): ProcessRow | undefined {
    return this.#get({ runnerId });
  }

  all(): ProcessRow[] {
    return this.#all();
  }
}

export class ProcessWrites extends ProcessReads {
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(connection: Connection) {
    super(connection);
    const { wide, narrow } = connection;
    this.#insert = inserter(wide, runnerProcesses);
    this.#update = patcher(wide, runnerProcesses, eq(runnerProcesses.runnerId, slot("whereId")));
    this.#delete = narrow.run((db) =>
      db.delete(runnerProcesses).where(eq(runnerProcesses.runnerId, slot("runnerId"))),
    );
  }

  insert(process: NewProcess): ProcessRow {
    return this.#insert(process);
  }

  /** The row after the update; undefined if there is none. */
  update(runnerId: string, patch: ProcessPatch): ProcessRow | undefined {
    return this.#update(patch, { whereId: runnerId });
  }

  delete(runnerId: string): boolean {
    return this.#delete({ runnerId }).changes > 0;
  }
}
