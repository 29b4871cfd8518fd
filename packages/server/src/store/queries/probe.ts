import { sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import { meta } from "../schema/index.js";

const key = "probe";
/** As much as a write of the usual kind needs: a disk with less room is full. */
const roomBytes = 64 * 1024;

/** Finds out whether writes work, by one that needs room and leaves a few bytes. */
export class Probe {
  readonly #write;

  constructor({ narrow }: Connection) {
    const value = sql.placeholder("value");
    const set = { value: sql`excluded.value` };
    this.#write = narrow.run((db) =>
      db.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set }),
    );
  }

  write(): void {
    this.#write({ value: "x".repeat(roomBytes) });
    this.#write({ value: String(Date.now()) });
  }
}
