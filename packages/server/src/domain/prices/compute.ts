import { clone } from "@bufbuild/protobuf";
import { CostBasis, type Usage, UsageSchema } from "@stratavore/proto";
import type { Price, PriceTable } from "./price.js";

/**
 * Gives usage that has no cost the one that its tokens have by the table, where that is certain: a model or class of tokens
 * that is not in the table leaves the cost UNKNOWN, and so do prompts of which some may have been so long that another
 * price holds. Usage that has a cost stays as it is.
 */
export function priced(usage: Usage, model: string, day: string, table: PriceTable): Usage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costBasis } = usage;
  const isOpen = costBasis === CostBasis.UNSPECIFIED || costBasis === CostBasis.UNKNOWN;
  const promptTokens = inputTokens + cacheReadTokens + cacheWriteTokens;
  if (!isOpen || usage.costNanos !== 0n || promptTokens + outputTokens === 0n) return usage;
  const result = clone(UsageSchema, usage);
  const price = priceOf(table, model, day, promptTokens);
  const nanos = price && costOf(price, usage);
  result.costBasis = nanos === undefined ? CostBasis.UNKNOWN : CostBasis.COMPUTED;
  result.costNanos = nanos ?? 0n;
  result.currency = nanos === undefined ? "" : "USD";
  return result;
}

/** The newest price of the model that holds on the day. The whole turn's prompts are no shorter than each request's. */
function priceOf(table: PriceTable, model: string, day: string, promptTokens: bigint): Price | undefined {
  const name = baseName(model);
  return table.prices
    .filter((price) => price.model === name && price.from <= day && day <= (price.until ?? "9999-12-31"))
    .toSorted((one, other) => (one.from < other.from ? 1 : -1))
    .slice(0, 1)
    .find((price) => price.promptTokens === undefined || promptTokens <= BigInt(price.promptTokens));
}

function costOf({ nanos }: Price, usage: Usage): bigint | undefined {
  const classes: [bigint, number | undefined][] = [
    [usage.inputTokens, nanos.input],
    [usage.outputTokens, nanos.output],
    [usage.cacheReadTokens, nanos.cacheRead],
    [usage.cacheWriteTokens, nanos.cacheWrite],
  ];
  let sum = 0n;
  for (const [tokens, price] of classes) {
    if (tokens === 0n) continue;
    if (price === undefined) return undefined;
    sum += tokens * BigInt(price);
  }
  return sum;
}

/** Without the provider's own prefix, a date of release, and Claude Code's mark for a longer context. */
const baseName = (model: string): string =>
  model
    .replace(/^(anthropic|openai|google)\//, "")
    .replace(/\[1m\]$/, "")
    .replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, "");
