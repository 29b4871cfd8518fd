import type { Raw } from "./connection.js";
import { StoreError } from "./errors.js";
import type { Migration } from "./migrations/index.js";

/** The schema version of a database; 0 for an empty one. */
export function schemaVersion(raw: Raw): number {
  const exists = raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").get();
  if (!exists) return 0;
  return (
    raw.prepare<[], number>("SELECT coalesce(max(version), 0) FROM schema_migrations").pluck().get() ?? 0
  );
}

/** Raises `newer_schema` if the database has steps that `migrations` does not know. */
export function refuseNewer(version: number, migrations: readonly Migration[]): void {
  if (version <= migrations.length) return;
  throw new StoreError(
    "newer_schema",
    `the database has schema version ${version}, and this release knows up to ${migrations.length}: ` +
      "install the release that wrote it, or restore the backup made before it was upgraded",
  );
}

/** Applies what is missing, all of it in one transaction. */
export function migrate(raw: Raw, migrations: readonly Migration[], version = schemaVersion(raw)): void {
  const pending = migrations.slice(version);
  if (pending.length === 0) return;
  // A step may rebuild a table that others refer to; the setting cannot change inside a transaction.
  raw.pragma("foreign_keys = OFF");
  try {
    const apply = raw.transaction(() => {
      raw.exec(
        `CREATE TABLE IF NOT EXISTS schema_migrations (
          version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`,
      );
      const note = raw.prepare("INSERT INTO schema_migrations VALUES (?, ?, ?)");
      for (const step of pending) {
        raw.exec(step.sql);
        note.run(step.version, step.name, Date.now());
      }
      const orphans = raw.pragma("foreign_key_check") as { table: string }[];
      if (orphans.length > 0) {
        const tables = [...new Set(orphans.map((orphan) => orphan.table))].join(", ");
        throw new StoreError(
          "constraint",
          `after the migration, rows of ${tables} refer to rows that are gone`,
        );
      }
    });
    apply.immediate();
  } finally {
    raw.pragma("foreign_keys = ON");
  }
}
