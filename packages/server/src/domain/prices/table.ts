import { anthropicPrices } from "./anthropic.js";
import { googlePrices } from "./google.js";
import { openaiPrices } from "./openai.js";
import type { PriceTable } from "./price.js";

/** The prices that a release comes with. */
export const builtInPrices: PriceTable = {
  date: "2026-11-23",
  prices: [...anthropicPrices, ...openaiPrices, ...googlePrices],
};
