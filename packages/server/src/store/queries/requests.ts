import { and, eq, lt, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { NewRequest, RequestRow } from "../rows.js";
import { requests } from "../schema/index.js";
import { inserter } from "./insert.js";

const slot = sql.placeholder;

export class RequestReads {
  readonly #get;

  constructor({ narrow }: Connection) {
    this.#get = narrow.get((db) =>
      db
        .select()
        .from(requests)
        .where(and(eq(requests.scope, slot("scope")), eq(requests.requestId, slot("requestId")))),
    );
  }

  /** The answer that a request id already got in its scope. */
  get(scope: string, requestId: string): RequestRow | undefined {
    return this.#get({ scope, requestId });
  }
}

export class RequestWrites extends RequestReads {
  readonly #insert;
  readonly #sweep;

  constructor(connection: Connection) {
    super(connection);
    this.#insert = inserter(connection.narrow, requests);
    this.#sweep = connection.narrow.run((db) =>
      db.delete(requests).where(lt(requests.createdAt, slot("before"))),
    );
  }

  /** Raises `constraint` (unique) if the id has an answer. */
  put(request: NewRequest): void {
    this.#insert(request);
  }

  /** Forgets answers older than a time, in milliseconds; gives how many. */
  sweep(before: number): number {
    return this.#sweep({ before }).changes;
  }
}
