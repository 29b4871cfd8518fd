import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.mjs";
import { workspacePackages } from "./packages.mjs";
import { addTotals, countTests, totalsLine } from "./totals.mjs";

const reportFile = ".reports/vitest.json";

/** @typedef {import("./packages.mjs").Package} Package */

/**
 * Runs one package's `test` script by the workspace's Node, one package at a time because their tests measure time.
 *
 * @param {string} root
 * @param {Package} each
 * @returns {Promise<import("./totals.mjs").Totals>}
 */
async function testPackage(root, { folder, manifest }) {
  process.stdout.write(`\n${manifest.name}\n`);
  const cwd = join(root, folder);
  const report = join(cwd, reportFile);
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const child = spawn("node", ["--run", "test", "--", ...reporters], {
    cwd,
    env: environment(root),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [exitCode] = await once(child, "close");
  return countTests(existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined, exitCode);
}

/**
 * The packages that have a `test` script.
 *
 * @param {string} root the workspace's folder
 * @param {string[]} names only these, by name or last part of their folder; none: all
 * @returns {Package[]}
 */
export function testedPackages(root, names) {
  return workspacePackages(root).filter(({ folder, manifest }) => {
    const named = names.includes(manifest.name) || names.includes(folder.split("/").at(-1) ?? "");
    return folder !== "" && manifest.scripts?.test !== undefined && (named || names.length === 0);
  });
}

/**
 * Runs the tests of packages and shows their totals.
 *
 * @param {string} root the workspace's folder
 * @param {Package[]} packages
 * @returns {Promise<import("./totals.mjs").Totals>} no package counts as one test that failed
 */
export async function runTests(root, packages) {
  const results = [];
  for (const each of packages)
    results.push({ name: each.manifest.name, totals: await testPackage(root, each) });
  process.stdout.write("\n");
  for (const { name, totals } of results) process.stdout.write(`${name}: ${totalsLine(totals)}\n`);
  if (results.length === 0) process.stdout.write("There is nothing to test.\n");
  return results.length === 0 ? countTests(undefined, 0) : addTotals(results.map(({ totals }) => totals));
}
