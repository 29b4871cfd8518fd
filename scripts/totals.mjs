/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * @typedef {object} Report vitest's JSON report, as far as it is read
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults
 */

/**
 * Counts one package's tests. What failed outside of any test counts as one that failed: a file that cannot be loaded
 * or set up, a report that is missing or empty, an exit code other than 0 that no failed test explains.
 *
 * @param {Report | undefined} report undefined if there is none
 * @param {number | null} exitCode of the test run; null if a signal ended it
 * @returns {Totals}
 */
export function countTests(report, exitCode) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failed = statuses.filter((status) => status === "failed").length;
    const passed = statuses.filter((status) => status === "passed").length;
    totals.passed += passed;
    totals.failed += failed === 0 && file.status !== "passed" ? 1 : failed;
    totals.skipped += statuses.length - passed - failed;
  }
  const unexplained = exitCode !== 0 || totals.passed === 0;
  if (totals.failed === 0 && unexplained) totals.failed = 1;
  return totals;
}

/**
 * @param {Totals[]} all
 * @returns {Totals}
 */
export function addTotals(all) {
  const sum = (/** @type {keyof Totals} */ key) => all.reduce((total, each) => total + each[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** One line, for example `12 passed, 0 failed` or `12 passed, 1 failed, 2 skipped`. */
export function totalsLine(/** @type {Totals} */ { passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
