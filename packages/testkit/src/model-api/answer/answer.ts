/** Tokens by class. The classes do not overlap, except that reasoning tokens are also output tokens. */
export interface TokenUsage {
  /** Prompt tokens that were neither read from nor written to a cache. */
  input: number;
  /** Tokens that the model produced, its reasoning included. */
  output: number;
  cacheRead: number;
  cacheWrite: number;
  /** The part of `output` that was reasoning. */
  reasoning: number;
}

/** One piece of what the model says. */
export type AnswerPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string }
  /** A call of a tool; a text as `input` calls a tool that takes free text (Responses API only). */
  | { readonly type: "tool"; readonly name: string; readonly input: unknown; readonly id?: string };

/** Why the model stopped, unless it called a tool. */
export type StopReason = "end_turn" | "max_tokens" | "refusal";

/** How an answer fails instead of ending. */
export type Failure =
  /** An HTTP error, or if something was streamed before, an error in the stream. */
  | {
      readonly type: "error";
      readonly status: number;
      readonly message?: string;
      /** Seconds, sent as `retry-after`. */
      readonly retryAfter?: number;
    }
  /** The connection breaks after what was said; if that is nothing, before any response. */
  | { readonly type: "drop" }
  /** Nothing comes after what was said; the connection stays open. */
  | { readonly type: "hang" };

/** What the model API answers to one request. */
export interface Answer {
  /** Default: nothing. */
  readonly parts?: readonly AnswerPart[];
  /** Classes that are left out are 0. Default: an estimate, four characters a token, without caches. */
  readonly usage?: Partial<TokenUsage>;
  /** Default: end_turn; an answer that calls tools says so itself. */
  readonly stopReason?: StopReason;
  readonly failure?: Failure;
  /** Milliseconds before anything is sent. Default: 0 */
  readonly delayMs?: number;
  /** How text is streamed. Default: pieces of 24 characters without a pause */
  readonly pace?: { readonly pieces: number; readonly pauseMs: number };
  /** Added to the response, over those of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
}
