import { describe, expect, it } from "vitest";
import { addTotals, countTests, totalsLine } from "../totals.mjs";

const file = (status: string, ...statuses: string[]) => ({
  status,
  assertionResults: statuses.map((each) => ({ status: each })),
});

describe("countTests", () => {
  it("counts each test, and every kind of test that did not run as skipped", () => {
    const report = {
      testResults: [file("failed", "passed", "failed", "skipped", "todo"), file("passed", "passed")],
    };
    expect(countTests(report, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it.each([
    ["a file that cannot be loaded", { testResults: [file("failed"), file("passed", "passed")] }, 1],
    ["a file whose set-up fails", { testResults: [file("failed", "skipped"), file("passed", "passed")] }, 1],
    ["an exit code that no test explains", { testResults: [file("passed", "passed")] }, 1],
    ["an end by a signal", { testResults: [file("passed", "passed")] }, null],
    ["no report", undefined, 0],
    ["no test", { testResults: [] }, 0],
    ["skipped tests only", { testResults: [file("passed", "skipped")] }, 0],
  ])("counts %s as one that failed", (_, report, exitCode) => {
    expect(countTests(report, exitCode).failed).toBe(1);
  });

  it("counts a package whose tests passed", () => {
    expect(countTests({ testResults: [file("passed", "passed")] }, 0)).toEqual({
      passed: 1,
      failed: 0,
      skipped: 0,
    });
  });
});

it("totals are one line, with what was skipped if anything was", () => {
  const all = [
    { passed: 3, failed: 0, skipped: 0 },
    { passed: 4, failed: 2, skipped: 1 },
  ];
  expect(totalsLine(addTotals(all))).toBe("7 passed, 2 failed, 1 skipped");
  expect(totalsLine(addTotals(all.slice(0, 1)))).toBe("3 passed, 0 failed");
});
