import type { Price } from "./price.js";

/** Of platform.claude.com/docs/en/about-claude/pricing and the models' own pages; cache writes are those of five minutes. */
export const anthropicPrices: readonly Price[] = [
  ...same(["claude-fable-5-1"], "2026-09-01", {
    input: 10_000,
    output: 50_000,
    cacheRead: 250,
    cacheWrite: 12_500,
  }),
  ...same(["claude-fable-5"], "2026-06-01", {
    input: 10_000,
    output: 50_000,
    cacheRead: 1000,
    cacheWrite: 12_500,
  }),
  ...same(["claude-opus-5-5"], "2026-09-22", {
    input: 4000,
    output: 20_000,
    cacheRead: 200,
    cacheWrite: 5000,
  }),
  ...same(
    ["claude-opus-5", "claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6", "claude-opus-4-5"],
    "2025-11-24",
    { input: 5000, output: 25_000, cacheRead: 500, cacheWrite: 6250 },
  ),
  ...same(["claude-sonnet-5-5"], "2026-09-22", {
    input: 2000,
    output: 10_000,
    cacheRead: 200,
    cacheWrite: 2500,
  }),
  ...same(["claude-sonnet-5-5"], "2026-10-07", {
    input: 2000,
    output: 10_000,
    cacheRead: 100,
    cacheWrite: 2500,
  }),
  ...same(["claude-sonnet-4-6"], "2026-02-17", {
    input: 3000,
    output: 15_000,
    cacheRead: 300,
    cacheWrite: 3750,
  }),
  {
    model: "claude-haiku-5-5",
    from: "2026-10-07",
    promptTokens: 100_000,
    nanos: { input: 100, output: 500, cacheRead: 10, cacheWrite: 125 },
  },
  ...same(["claude-haiku-4-5"], "2025-10-15", {
    input: 1000,
    output: 5000,
    cacheRead: 100,
    cacheWrite: 1250,
  }),
];

function same(models: readonly string[], from: string, nanos: Price["nanos"]): Price[] {
  return models.map((model) => ({ model, from, nanos }));
}
