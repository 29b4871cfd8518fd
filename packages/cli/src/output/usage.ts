import { CostBasis, type Usage } from "@stratavore/client/node";

const classes = [
  ["inputTokens", "in"],
  ["outputTokens", "out"],
  ["cacheReadTokens", "cache read"],
  ["cacheWriteTokens", "cache write"],
] as const;

const bases: Partial<Record<CostBasis, string>> = {
  [CostBasis.REPORTED]: "reported by the agent",
  [CostBasis.COMPUTED]: "computed from prices",
  [CostBasis.API_EQUIVALENT]: "what the API would charge",
};

/** Tokens and cost on one line: `12 in, 34 out (5 reasoning), cost 0.0012 USD (reported by the agent)`. */
export function usageText(usage: Usage | undefined): string {
  if (usage === undefined) return "not reported";
  const tokens = classes
    .filter(([field], index) => index < 2 || usage[field] > 0n)
    .map(([field, word]) => `${usage[field]} ${word}`)
    .join(", ");
  const reasoning = usage.reasoningTokens > 0n ? ` (${usage.reasoningTokens} reasoning)` : "";
  return `${tokens}${reasoning}${costText(usage)}`;
}

function costText({ costNanos, currency, costBasis }: Usage): string {
  const basis = bases[costBasis];
  if (basis === undefined) return ", cost unknown";
  const amount = (Number(costNanos) / 1e9).toFixed(6).replace(/(\.\d\d\d*?)0+$/, "$1");
  return `, cost ${amount} ${currency} (${basis})`;
}
