import { CostBasis, type Usage, type UsageCost } from "@stratavore/client/node";

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
  return basis === undefined ? ", cost unknown" : `, cost ${amount(costNanos)} ${currency} (${basis})`;
}

/** Billionths of a currency's unit as a number with two digits after the point, or as many as it has. */
export function amount(nanos: bigint): string {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0{1,7}$/, "");
  return `${nanos < 0n ? "-" : ""}${digits.slice(0, -9)}.${fraction}`;
}

/** Where a cost comes from, in a word: `reported`, `computed`, `api_equivalent` or `unknown`. */
export const basisText = (basis: CostBasis): string =>
  basis === CostBasis.UNSPECIFIED ? "unknown" : CostBasis[basis].toLowerCase();

/** Costs of several kinds: `0.75 USD reported, 0.20 USD computed, unknown`. */
export const costsText = (costs: readonly UsageCost[]): string =>
  costs
    .map(({ currency, costBasis, costNanos }) =>
      currency === "" ? "unknown" : `${amount(costNanos)} ${currency} ${basisText(costBasis)}`,
    )
    .join(", ");
