import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Raw } from "./connection.js";

/** What this opening of the file is. */
export interface Identity {
  /** Names one unbroken history of the event log; letters and digits. A restored copy gets another. */
  readonly epoch: string;
  /** Counts the openings of the file, from 1. */
  readonly generation: number;
  /** True if the last opening was closed in order, or there was none. */
  readonly wasClean: boolean;
}

/** What tells a file from a copy of it; null where the system does not say. */
export interface FileIdentity {
  readonly inode: string;
  readonly born: string | null;
  readonly machine: string | null;
}

/** A database in memory is new each time. */
export const IN_MEMORY: FileIdentity = { inode: "memory", born: null, machine: null };

const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

export function identifyFile(file: string): FileIdentity {
  const { ino, birthtimeNs, ctimeNs } = statSync(file, { bigint: true });
  // An inode number is soon used again; the time of birth is not. Some systems give the time of change in its place.
  const born = birthtimeNs > 0n && birthtimeNs !== ctimeNs ? String(birthtimeNs) : null;
  return { inode: String(ino), born, machine: machineId() };
}

function machineId(): string | null {
  for (const file of MACHINE_ID_FILES) {
    try {
      const id = readFileSync(file, "utf8").trim();
      if (id) return id;
    } catch {
      // Absent in many containers, and on other systems than Linux.
    }
  }
  return null;
}

/** Counts this opening, takes the mark of a clean stop away, and gives a copy its own epoch, in one transaction. */
export function takeOver(raw: Raw, file: FileIdentity): Identity {
  const get = raw.prepare<[string], string>("SELECT value FROM meta WHERE key = ?").pluck();
  const set = raw.prepare<[string, string]>("INSERT OR REPLACE INTO meta VALUES (?, ?)");
  const unset = raw.prepare<[string]>("DELETE FROM meta WHERE key = ?");

  const take = raw.transaction((): Identity => {
    const generation = Number(get.get("generation") ?? 0) + 1;
    const wasClean = generation === 1 || get.get("clean") !== undefined;
    const differs = (key: keyof FileIdentity) => {
      const recorded = get.get(key);
      return recorded !== undefined && file[key] !== null && recorded !== file[key];
    };
    const copied =
      get.get("stamp") !== undefined || differs("inode") || differs("born") || differs("machine");
    const known = get.get("epoch");
    const epoch = known === undefined || copied ? randomBytes(6).toString("hex") : known;

    set.run("generation", String(generation));
    set.run("epoch", epoch);
    for (const key of ["inode", "born", "machine"] as const) {
      const value = file[key];
      if (value !== null) set.run(key, value);
      else if (copied) unset.run(key);
    }
    unset.run("clean");
    unset.run("stamp");
    return { epoch, generation, wasClean };
  });
  return take.immediate();
}

/** Notes that the file was closed in order. */
export function markClean(raw: Raw): void {
  raw.prepare("INSERT OR REPLACE INTO meta VALUES ('clean', '1')").run();
}

/** Marks a copy, so that its first opening gives it another epoch. */
export function stampCopy(raw: Raw): void {
  raw.prepare("INSERT OR REPLACE INTO meta VALUES ('stamp', ?)").run(randomBytes(6).toString("hex"));
}
