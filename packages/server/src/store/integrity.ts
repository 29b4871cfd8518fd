import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";

/** A check under way. */
export interface RunningCheck {
  /** What is wrong with the file, nothing if it is sound; null if the check could not be run or was stopped. */
  readonly result: Promise<readonly string[] | null>;
  stop(): void;
}

// A process of its own, as a damaged file may keep the disk busy for long or crash the library. The text is the whole
// program, so that it runs from sources, from a build and from a bundle alike.
const PROGRAM = `
const [sqlite, file] = process.argv.slice(1);
const Database = require(sqlite);
try {
  const raw = new Database(file, { readonly: true, fileMustExist: true });
  const rows = raw.prepare("PRAGMA quick_check(20)").pluck().all();
  console.log(JSON.stringify(rows.filter((row) => row !== "ok")));
} catch (error) {
  if (!/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) throw error;
  console.log(JSON.stringify([error.message]));
}
`;

/**
 * Runs SQLite's quick_check over the file in a background process. `sqliteModule` is the path of the better-sqlite3 that
 * it loads; by default the one that is installed beside this module.
 */
export function startQuickCheck(file: string, sqliteModule = installedModule()): RunningCheck {
  if (sqliteModule === undefined) return { result: Promise.resolve(null), stop: () => undefined };
  const child = spawn(process.execPath, ["-e", PROGRAM, sqliteModule, file], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.unref();
  return { result: problemsFrom(child), stop: () => child.kill("SIGKILL") };
}

function installedModule(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("better-sqlite3");
  } catch {
    return undefined;
  }
}

function problemsFrom(child: ChildProcess): Promise<readonly string[] | null> {
  return new Promise((resolve) => {
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code === 0 ? (JSON.parse(output) as string[]) : null));
  });
}
