import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { CostBasis, UsageSchema } from "@stratavore/proto";
import { expect, test } from "vitest";
import { priced } from "../../src/domain/prices/compute.js";
import type { PriceTable } from "../../src/domain/prices/price.js";
import { builtInPrices } from "../../src/domain/prices/table.js";
import { isDay } from "../../src/domain/utc-day.js";

const { COMPUTED, REPORTED, UNKNOWN, UNSPECIFIED } = CostBasis;
const flat = { input: 1, output: 10, cacheRead: 100, cacheWrite: 1000 };
const table: PriceTable = {
  date: "2026-11-01",
  prices: [
    { model: "m", from: "2026-01-01", nanos: flat },
    { model: "m", from: "2026-06-01", nanos: { ...flat, input: 2 } },
    { model: "short", from: "2026-01-01", promptTokens: 100, nanos: flat },
    { model: "ending", from: "2026-01-01", until: "2026-10-31", nanos: flat },
    { model: "plain", from: "2026-01-01", nanos: { input: 1, output: 1 } },
  ],
};
const costOf = (model: string, usage: MessageInitShape<typeof UsageSchema>, day = "2026-11-01") => {
  const { costNanos, costBasis, currency } = priced(create(UsageSchema, usage), model, day, table);
  return [costBasis, currency, costNanos];
};
const unknown = [UNKNOWN, "", 0n];

test("each class of tokens has its price; reasoning is part of the output", () => {
  const usage = {
    inputTokens: 3n,
    outputTokens: 4n,
    cacheReadTokens: 5n,
    cacheWriteTokens: 6n,
    reasoningTokens: 2n,
  };
  expect(costOf("m", usage)).toEqual([COMPUTED, "USD", 6n + 40n + 500n + 6000n]);
});

test("the price is the one of the day", () => {
  expect(costOf("m", { inputTokens: 5n }, "2026-05-31")).toEqual([COMPUTED, "USD", 5n]);
  expect(costOf("m", { inputTokens: 5n }, "2026-06-01")).toEqual([COMPUTED, "USD", 10n]);
  expect(costOf("m", { inputTokens: 5n }, "2025-12-31")).toEqual(unknown);
  expect(costOf("ending", { inputTokens: 5n }, "2026-10-31")).toEqual([COMPUTED, "USD", 5n]);
  expect(costOf("ending", { inputTokens: 5n })).toEqual(unknown);
});

test.each([
  ["m", COMPUTED],
  ["anthropic/m", COMPUTED],
  ["m-20260101", COMPUTED],
  ["m-2026-01-01", COMPUTED],
  ["m[1m]", COMPUTED],
  ["bedrock/m", UNKNOWN],
  ["m2", UNKNOWN],
  ["", UNKNOWN],
])("the model %j: %j", (model, basis) => {
  expect(costOf(model, { inputTokens: 5n })[0]).toBe(basis);
});

test("what is not certain is not guessed", () => {
  expect(costOf("short", { inputTokens: 60n, cacheReadTokens: 40n })[0]).toBe(COMPUTED);
  expect(costOf("short", { inputTokens: 60n, cacheReadTokens: 41n })).toEqual(unknown);
  expect(costOf("plain", { inputTokens: 1n, outputTokens: 1n })).toEqual([COMPUTED, "USD", 2n]);
  expect(costOf("plain", { inputTokens: 1n, cacheReadTokens: 1n })).toEqual(unknown);
});

test("a cost that is there stays, and no tokens cost nothing", () => {
  const reported = { inputTokens: 5n, costNanos: 7n, currency: "EUR", costBasis: REPORTED };
  expect(costOf("m", reported)).toEqual([REPORTED, "EUR", 7n]);
  expect(costOf("m", { inputTokens: 5n, costBasis: REPORTED, currency: "USD" })).toEqual([
    REPORTED,
    "USD",
    0n,
  ]);
  expect(costOf("m", {})).toEqual([UNSPECIFIED, "", 0n]);
});

test("the built-in table is of whole nano-units, of days of the calendar, and dated no earlier than its prices", () => {
  expect(builtInPrices.prices.length).toBeGreaterThan(10);
  for (const { model, from, until, nanos } of builtInPrices.prices) {
    expect([model, isDay(from), until === undefined || until >= from]).toEqual([model, true, true]);
    expect([model, from <= builtInPrices.date]).toEqual([model, true]);
    for (const price of Object.values(nanos)) expect([model, Number.isInteger(price)]).toEqual([model, true]);
    expect([model, nanos.input < nanos.output]).toEqual([model, true]);
  }
});
