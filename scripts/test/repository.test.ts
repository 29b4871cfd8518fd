import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workspacePackages } from "../packages.mjs";
import { root } from "../root.mjs";

const packages = workspacePackages(root);
const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));

/** Folder of a package.json that declares it, by name of each direct dependency from outside the workspace. */
function directDependencies(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { folder, manifest } of packages) {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
    for (const [name, version] of Object.entries(all)) {
      if (!version.startsWith("workspace:")) found.set(name, folder);
    }
  }
  return found;
}

/** Licence and words by name, of each row of docs/dependencies.md. */
function documented(): Map<string, { licence: string; why: string }> {
  const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(rows.map(([, name = "", licence = "", why = ""]) => [name, { licence, why: why.trim() }]));
}

describe("docs/dependencies.md", () => {
  const direct = directDependencies();
  const rows = documented();

  it("lists every direct dependency and nothing else, by name", () => {
    expect([...rows.keys()]).toEqual([...direct.keys()].sort());
  });

  it.each([...direct])("gives the licence of %s, and a reason", (name, folder) => {
    const { license } = readJson(join(folder, "node_modules", name, "package.json"));
    expect(rows.get(name)?.licence.trim()).toBe(license);
    expect(rows.get(name)?.why.length).toBeGreaterThan(10);
  });
});

it("pnpm is pinned to one version", () => {
  const { packageManager, devDependencies } = readJson("package.json");
  expect(packageManager.split("+")[0]).toBe(`pnpm@${devDependencies.pnpm}`);
});

it("all published packages are released as one version", () => {
  const published = packages.filter(({ manifest }) => !manifest.private);
  expect(published.length).toBeGreaterThan(3);
  expect(readJson(".changeset/config.json").fixed).toEqual([
    published.map(({ manifest }) => manifest.name).sort(),
  ]);
  expect(new Set(published.map(({ manifest }) => manifest.version)).size).toBe(1);
});

it("the JSON schemas that configuration names are there", () => {
  for (const file of ["turbo.json", "biome.json"]) {
    const { $schema } = readJson(file);
    expect([file, existsSync(join(root, $schema))]).toEqual([file, true]);
  }
});
