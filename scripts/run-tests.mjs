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
 * Runs the tests of every package that has a `test` script and shows their totals.
 *
 * @param {string} root the workspace's folder
 * @param {string[]} [names] only these packages, by name or last part of their folder; default: all
 * @returns {Promise<import("./totals.mjs").Totals>} zero tests count as one that failed
 */
export async function runTests(root, names = []) {
  const wanted = (/** @type {Package} */ { folder, manifest }) =>
    names.length === 0 || names.includes(manifest.name) || names.includes(folder.split("/").at(-1) ?? "");
  const tested = workspacePackages(root).filter(
    (each) => each.folder !== "" && each.manifest.scripts?.test && wanted(each),
  );
  const results = [];
  for (const each of tested)
    results.push({ name: each.manifest.name, totals: await testPackage(root, each) });
  process.stdout.write("\n");
  for (const { name, totals } of results) process.stdout.write(`${name}: ${totalsLine(totals)}\n`);
  if (results.length === 0) process.stdout.write("There is nothing to test.\n");
  return results.length === 0 ? countTests(undefined, 0) : addTotals(results.map(({ totals }) => totals));
}
