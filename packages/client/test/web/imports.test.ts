import { existsSync, readFileSync } from "node:fs";
import { builtinModules, findPackageJSON } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src", import.meta.url));
const importPattern =
  /^\s*(?:import|export)\s(?:[^"';=()]*?\sfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

/** Every module that an entry reaches, its packages included, and the Node built-ins that any of them names. */
function reach(entry: string): { files: Set<string>; builtins: string[] } {
  const files = new Set<string>();
  const builtins: string[] = [];
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    // The type-only imports of our own sources are gone once they are compiled.
    const text = readFileSync(file, "utf8").replace(/^(import|export) type [^;]*;/gm, "");
    for (const [, named, dynamic] of text.matchAll(importPattern)) {
      const specifier = named ?? dynamic ?? "";
      if (specifier.startsWith("node:") || builtinModules.includes(specifier)) {
        builtins.push(`${file}: ${specifier}`);
      } else visit(locate(specifier, file));
    }
  };
  visit(entry);
  return { files, builtins };
}

function locate(specifier: string, from: string): string {
  if (specifier.startsWith(".")) {
    const file = resolve(dirname(from), specifier);
    return existsSync(file) ? file : file.replace(/\.js$/, ".ts");
  }
  const description = findPackageJSON(specifier, pathToFileURL(from));
  if (description === undefined) throw new Error(`${specifier} is not installed for ${from}`);
  const { name, exports } = JSON.parse(readFileSync(description, "utf8"));
  return join(dirname(description), target(exports[`.${specifier.slice(name.length)}`]));
}

function target(entry: unknown): string {
  if (typeof entry === "string") return entry;
  const conditions = entry as Record<string, unknown>;
  return target(conditions.browser ?? conditions.import ?? conditions.default);
}

test.each(["index.ts", "web/index.ts"])("%s reaches no Node built-in", (entry) => {
  const { files, builtins } = reach(join(source, entry));
  expect(builtins).toEqual([]);
  expect([...files].some((file) => file.includes("@bufbuild/protobuf"))).toBe(true);
  expect(files.size).toBeGreaterThan(50);
});

test("the walk would see one", () => {
  expect(reach(join(source, "node/index.ts")).builtins.join()).toContain("node:http2");
});
