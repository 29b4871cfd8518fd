import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../root.mjs";

/** A folder with the given files by path, removed after the test. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "stratavore-scripts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A workspace of packages with these files each, all of which run vitest as their `test`. */
export function workspaceWith(packages: Record<string, Record<string, string>>): string {
  const folder = folderWith({
    "package.json": '{"name":"w","packageManager":"pnpm@1.2.3"}',
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n\nallowBuilds:\n  node: true\n",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    ...Object.fromEntries(
      Object.entries(packages).flatMap(([name, files]) => [
        [
          `packages/${name}/package.json`,
          `{"name":"@w/${name}","type":"module","scripts":{"test":"vitest run"}}`,
        ],
        ...Object.entries(files).map(([path, text]) => [`packages/${name}/${path}`, text]),
      ]),
    ),
  });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of Object.keys(packages)) {
    symlinkSync(join(root, "scripts/node_modules"), join(folder, "packages", name, "node_modules"));
  }
  return folder;
}
