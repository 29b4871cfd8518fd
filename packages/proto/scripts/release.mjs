import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { breakingChanges } from "./buf.mjs";

/**
 * The latest release of the contract that the current commit descends from, as a git tag.
 *
 * @param {string} repository
 * @returns {string | undefined} undefined before the first release
 */
export function lastRelease(repository) {
  const args = ["tag", "--list", "@stratavore/proto@*", "--merged", "HEAD", "--sort=-version:refname"];
  return execFileSync("git", args, { cwd: repository, encoding: "utf8" }).split("\n")[0] || undefined;
}

/**
 * What the contract in the working tree breaks of the one at a tag; a line each, empty if nothing.
 *
 * @param {string} repository
 * @param {string} tag
 * @returns {string[]}
 */
export function brokenSince(repository, tag) {
  const before = mkdtempSync(join(tmpdir(), "stratavore-release-"));
  try {
    const archive = execFileSync("git", ["archive", tag, "buf.yaml", "proto"], { cwd: repository });
    execFileSync("tar", ["-x"], { cwd: before, input: archive });
    // The imported files are generated, so no tag holds them.
    cpSync(join(repository, "proto-imports"), join(before, "proto-imports"), { recursive: true });
    return breakingChanges(repository, before);
  } finally {
    rmSync(before, { recursive: true });
  }
}
