import { sql as initial } from "./0001-initial.js";
import { sql as searchAndTotals } from "./0002-search-and-totals.js";
import { sql as peakMemory } from "./0003-peak-memory.js";
import { sql as usageByPerson } from "./0004-usage-by-person.js";

/** One step of the schema. `version` is its place, from 1, without gaps. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Every step, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "initial", sql: initial },
  { version: 2, name: "search-and-totals", sql: searchAndTotals },
  { version: 3, name: "peak-memory", sql: peakMemory },
  { version: 4, name: "usage-by-person", sql: usageByPerson },
];
