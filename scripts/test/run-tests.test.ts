import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../root.mjs";
import { folderWith, workspaceWith } from "./workspace.js";

const passing =
  'import { it } from "vitest";\nit("a", () => {});\nit("b", () => {});\nit.skip("c", () => {});\n';
const failing =
  'import { expect, it } from "vitest";\nit("a", () => {});\nit("b", () => expect(1).toBe(2));\n';

/** Runs the tests of a workspace in a process of their own, as `npm test` does. */
function run(folder: string, ...names: string[]) {
  const code =
    `import { runTests, testedPackages } from ${JSON.stringify(join(root, "scripts/run-tests.mjs"))};\n` +
    `const folder = ${JSON.stringify(folder)};\n` +
    `process.stdout.write(JSON.stringify(await runTests(folder, testedPackages(folder, ${JSON.stringify(names)}))));`;
  const { VITEST: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    env,
    encoding: "utf8",
  });
  return { totals: JSON.parse(stdout.split("\n").at(-1) ?? ""), stdout };
}

it("adds up what every package's own test run reports", () => {
  const folder = workspaceWith({
    good: { "test/a.test.js": passing },
    bad: { "test/a.test.js": failing },
    broken: { "test/a.test.js": 'import "./missing.js";\n' },
    empty: {},
  });
  const { totals, stdout } = run(folder);
  expect(stdout).toContain("@w/good: 2 passed, 0 failed, 1 skipped\n");
  expect(stdout).toContain("@w/bad: 1 passed, 1 failed\n");
  expect(stdout).toContain("@w/broken: 0 passed, 1 failed\n");
  expect(stdout).toContain("@w/empty: 0 passed, 1 failed\n");
  expect(totals).toEqual({ passed: 3, failed: 3, skipped: 1 });
});

it("does not take the report of an earlier run for one", () => {
  const report = '{"testResults":[{"status":"passed","assertionResults":[{"status":"passed"}]}]}';
  const folder = workspaceWith({ empty: { ".reports/vitest.json": report } });
  expect(run(folder).totals).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it("runs only the packages that are named, and fails if there is none of that name", () => {
  const folder = workspaceWith({ good: { "test/a.test.js": passing }, bad: { "test/a.test.js": failing } });
  expect(run(folder, "good").totals).toEqual({ passed: 2, failed: 0, skipped: 1 });
  expect(run(folder, "@w/good").totals).toEqual({ passed: 2, failed: 0, skipped: 1 });
  expect(run(folder, "gone").totals).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it("fails in a workspace without tests", () => {
  const folder = folderWith({
    "package.json": '{"name":"w"}',
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
  });
  expect(run(folder).totals).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
