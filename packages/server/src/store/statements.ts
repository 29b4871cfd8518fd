import type Database from "better-sqlite3";
import type { Db, Guard } from "./connection.js";

/** Values for a statement's placeholders, by name. */
export type Values = Record<string, unknown>;

interface Preparable<Query> {
  prepare(): Query;
}

/** Turns queries into functions that prepare at the first call and run the prepared statement from then on. */
export class Statements {
  readonly #db: Db;
  readonly #guard: Guard;

  constructor(db: Db, guard: Guard) {
    this.#db = db;
    this.#guard = guard;
  }

  /** A query for one row; the function gives undefined without one. */
  get<Row>(build: (db: Db) => Preparable<{ get(values?: Values): Row }>): (values?: Values) => Row {
    return this.#lazily(build, (query, values) => query.get(values));
  }

  /** A query for all rows. */
  all<Row>(build: (db: Db) => Preparable<{ all(values?: Values): Row[] }>): (values?: Values) => Row[] {
    return this.#lazily(build, (query, values) => query.all(values));
  }

  /** A statement for its effect. */
  run(
    build: (db: Db) => Preparable<{ run(values?: Values): Database.RunResult }>,
  ): (values?: Values) => Database.RunResult {
    return this.#lazily(build, (query, values) => query.run(values));
  }

  #lazily<Query, Result>(
    build: (db: Db) => Preparable<Query>,
    execute: (query: Query, values: Values | undefined) => Result,
  ): (values?: Values) => Result {
    let prepared: Query | undefined;
    return (values) => {
      this.#guard.check();
      try {
        prepared ??= build(this.#db).prepare();
        return execute(prepared, values);
      } catch (error) {
        throw this.#guard.failed(error);
      }
    };
  }
}
