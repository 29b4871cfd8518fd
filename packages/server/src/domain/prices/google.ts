import type { Price } from "./price.js";

/** Of ai.google.dev/gemini-api/docs/pricing, paid tier, text. */
export const googlePrices: readonly Price[] = [
  { model: "gemini-3.8-flash", from: "2026-09-20", until: "2026-12-31", nanos: { input: 750, output: 3750 } },
];
