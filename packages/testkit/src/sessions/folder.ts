import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionRecord } from "./record.js";

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Stored sessions, one file each, written whole and renamed into place.
 *
 * Everything is synchronous, so that a session is on disk before a scripted crash ends the process.
 */
export class SessionFolder {
  readonly #path: string;
  readonly #ownPath: boolean;
  #ready = false;

  /** @param path made 0700 when missing; the default is a folder of this user in the temp folder. */
  constructor(path: string | undefined) {
    this.#ownPath = !path;
    this.#path = path || join(tmpdir(), `stratavore-testkit-${process.getuid?.() ?? "user"}`);
  }

  /** The stored session, or undefined. Throws when its file cannot be read as JSON. */
  read(sessionId: string): SessionRecord | undefined {
    if (!idPattern.test(sessionId)) return undefined;
    try {
      return JSON.parse(readFileSync(this.#file(sessionId), "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  write(record: SessionRecord): void {
    const file = this.#file(record.sessionId);
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    renameSync(temporary, file);
  }

  remove(sessionId: string): void {
    if (idPattern.test(sessionId)) rmSync(this.#file(sessionId), { force: true });
  }

  /** All stored sessions, the last used first. */
  list(): SessionRecord[] {
    this.#prepare();
    return readdirSync(this.#path)
      .filter((name) => name.endsWith(".json"))
      .map((name) => this.read(name.slice(0, -".json".length)))
      .filter((record) => record !== undefined)
      .sort((a, b) => compare(b.updatedAt, a.updatedAt) || compare(a.sessionId, b.sessionId));
  }

  #file(sessionId: string): string {
    this.#prepare();
    return join(this.#path, `${sessionId}.json`);
  }

  // The temp folder is everyone's: a folder that someone else made there first is refused.
  #prepare(): void {
    if (this.#ready) return;
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    if (this.#ownPath) {
      const found = lstatSync(this.#path);
      if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
        throw new Error(`${this.#path} belongs to someone else; set STRATAVORE_TESTKIT_DIR`);
      }
      chmodSync(this.#path, 0o700);
    }
    this.#ready = true;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
