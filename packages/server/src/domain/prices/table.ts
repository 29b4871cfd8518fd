import { anthropicPrices } from "./anthropic.js";
import type { PriceTable } from "./price.js";

/** The prices that a release comes with: those that could be read at their source. What is not here costs UNKNOWN. */
export const builtInPrices: PriceTable = {
  date: "2026-11-23",
  prices: [...anthropicPrices],
};
