/** What one model's tokens cost at its provider's own API, standard tier, in US dollars. */
export interface Price {
  /** As the provider names the model, without a date. */
  readonly model: string;
  /** First UTC day on which it holds. */
  readonly from: string;
  /** Last day, where one is announced. */
  readonly until?: string;
  /** It holds for requests with no more prompt tokens than this; default: for any. */
  readonly promptTokens?: number;
  /** Billionths of a dollar for one token of each class; a class that is left out has no price that is known. */
  readonly nanos: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead?: number;
    /** Where caches of different ages have different prices, the one that the provider has by default. */
    readonly cacheWrite?: number;
  };
}

/** Prices, and the day on which they were looked up. */
export interface PriceTable {
  /** UTC day, as `2026-01-31`. */
  readonly date: string;
  readonly prices: readonly Price[];
}
