import type { Price } from "./price.js";

/** Longer prompts have another price. */
const promptTokens = 272_000;

/** Of developers.openai.com/api/docs/pricing and the models' own pages, short context. */
export const openaiPrices: readonly Price[] = [
  {
    model: "gpt-6.1-sol",
    from: "2026-09-29",
    promptTokens,
    nanos: { input: 2000, output: 10_000, cacheRead: 100 },
  },
  {
    model: "gpt-6.1-terra",
    from: "2026-10-26",
    promptTokens,
    nanos: { input: 1000, output: 5000, cacheRead: 50, cacheWrite: 1250 },
  },
  {
    model: "gpt-6-astra",
    from: "2026-09-03",
    promptTokens,
    nanos: { input: 10_000, output: 50_000, cacheRead: 1000, cacheWrite: 12_500 },
  },
  {
    model: "gpt-6-sol",
    from: "2026-09-22",
    promptTokens,
    nanos: { input: 2000, output: 10_000, cacheRead: 200, cacheWrite: 2500 },
  },
  {
    model: "gpt-6-luna",
    from: "2026-09-22",
    promptTokens,
    nanos: { input: 100, output: 500, cacheRead: 10, cacheWrite: 125 },
  },
  {
    model: "gpt-5.4",
    from: "2026-03-05",
    promptTokens,
    nanos: { input: 2500, output: 15_000, cacheRead: 250 },
  },
];
