import fc from "fast-check";
import { expect, test } from "vitest";
import { USAGE_DIMENSIONS, type UsageAddition, type UsageReportRow } from "../../../src/store/index.js";
import { openTemp } from "../fixtures.js";

const some = <T>(...values: T[]) => fc.constantFrom(...values);
const addition = fc.record({
  projectUid: some("p1", "p2"),
  projectName: fc.constant("web"),
  day: some("2026-11-22", "2026-11-23", "2026-11-24"),
  runnerId: some("r1", "r2"),
  sessionId: some("s1", "s2"),
  model: some("", "m"),
  person: some("ada", "bob"),
  costBasis: some(1, 2, 4),
  currency: some("USD", "EUR"),
  inputTokens: fc.bigInt(0n, 9n),
  costNanos: fc.bigInt(0n, 9n),
});
const filters = fc.record(
  {
    person: some("ada", "nobody"),
    model: some("", "m"),
    runnerId: fc.constant("r1"),
    sessionId: fc.constant("s2"),
    projectName: some("web", "none"),
    firstDay: some("2026-11-23", "2026-11-24"),
    lastDay: some("2026-11-22", "2026-11-23"),
  },
  { requiredKeys: [] },
);
const columns = {
  day: "day",
  project: "projectUid",
  person: "person",
  model: "model",
  runner: "runnerId",
  session: "sessionId",
} as const;

test("any groups, filters and page sizes give what plain additions give", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(addition, { maxLength: 30 }),
      fc.subarray([...USAGE_DIMENSIONS], { minLength: 1 }),
      filters,
      fc.integer({ min: 1, max: 4 }),
      async (additions, by, { firstDay, lastDay, ...equal }, limit) => {
        const store = await openTemp({ dataDir: null });
        await store.transaction((tx) => {
          for (const each of additions) tx.usage.add(each as UsageAddition);
        });
        const wanted = additions
          .filter((row) => Object.entries(equal).every(([name, value]) => row[name as "model"] === value))
          .filter(({ day }) => day >= (firstDay ?? "") && day <= (lastDay ?? "9"));
        const sums = new Map<string, [bigint, bigint]>();
        for (const row of wanted) {
          const key = [...by.map((dimension) => row[columns[dimension]]), row.currency, row.costBasis].join();
          const [tokens, nanos] = sums.get(key) ?? [0n, 0n];
          sums.set(key, [tokens + row.inputTokens, nanos + row.costNanos]);
        }
        const expected = [...sums].map(([key, sum]) => [key, ...sum]).sort(byKey);

        const filter = { ...equal, firstDay, lastDay };
        const found: UsageReportRow[] = [];
        for (let afterKey: readonly string[] | undefined; ; afterKey = found.at(-1)!.key) {
          const rows = store.read.usageReports.page({ ...filter, by, limit, afterKey });
          expect(new Set(rows.map(({ key }) => key.join())).size).toBeLessThanOrEqual(limit);
          found.push(...rows);
          if (rows.length === 0) break;
        }
        const seen = found.map((row) => [
          [...row.key, row.currency, row.basis].join(),
          row.inputTokens,
          row.costNanos,
        ]);
        expect(seen.sort(byKey)).toEqual(expected);
        const all = store.read.usageReports.page({ ...filter, by: [], limit: 1 });
        const total = all.reduce((sum, row) => sum + row.inputTokens, 0n);
        expect(total).toBe(wanted.reduce((sum, row) => sum + row.inputTokens, 0n));
        await store.close();
      },
    ),
    { numRuns: 60 },
  );
});

const byKey = ([one]: unknown[], [other]: unknown[]) => (String(one) < String(other) ? -1 : 1);
