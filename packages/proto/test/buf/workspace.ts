import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../../scripts/buf.mjs";

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stratavore-proto-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A buf workspace of its own with the given files by path, below `proto`. */
export function workspaceOf(files: ReadonlyMap<string, string>): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, "proto", path)), { recursive: true });
    writeFileSync(join(folder, "proto", path), text);
  }
  return folder;
}

/** A copy of the contract and all that it needs to compile. */
export function copyOfContract(): string {
  const folder = temporaryFolder();
  for (const path of ["buf.yaml", "proto", "proto-imports"]) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  return folder;
}

/** Replaces text that occurs once in a file of the workspace; throws otherwise. */
export function edit(folder: string, path: string, from: string, to: string): void {
  const before = readFileSync(join(folder, path), "utf8");
  if (before.split(from).length !== 2) throw new Error(`${path} does not hold once: ${from}`);
  writeFileSync(join(folder, path), before.replace(from, to));
}
