import type { AnswerPart, Failure, StopReason, TokenUsage } from "./answer/answer.js";
import type { Json } from "./json.js";
import type { ModelApiName, ModelRequest } from "./request.js";

/** A call of a tool, with its id. */
export type ToolCall = Extract<AnswerPart, { type: "tool" }> & { readonly id: string };

/** An answer with nothing left open, as an API encodes it. */
export interface Served {
  /** Unique, without an API's prefix. */
  readonly id: string;
  readonly request: ModelRequest;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly parts: readonly (Exclude<AnswerPart, { type: "tool" }> | ToolCall)[];
  readonly stopReason: StopReason;
  readonly usage: TokenUsage;
  /** Cuts a text into what is streamed at a time. */
  readonly pieces: (text: string) => string[];
}

/** One event of a stream. */
export interface Frame {
  readonly event?: string;
  /** Sent as JSON, a text as it is. */
  readonly data: unknown;
  /** A piece of a text: the pause of a slow answer comes before it. */
  readonly isPiece?: boolean;
}

/** An error that an API answers with. */
export interface ApiError {
  readonly status: number;
  readonly message: string;
  readonly requestId: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** What an HTTP request asks of a model. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json;
}

/** How one API puts requests, answers and errors. */
export interface Dialect {
  readonly api: ModelApiName;
  read(target: Target): ModelRequest;
  /** The answer in one piece. */
  whole(served: Served): unknown;
  /** The stream of an answer, up to what comes after its last part. */
  begin(served: Served): Iterable<Frame>;
  /** The end of that stream. */
  end(served: Served): Iterable<Frame>;
  /** What the client has been told of the usage before the end. */
  usageBeforeEnd(usage: TokenUsage): TokenUsage;
  error(error: ApiError): unknown;
  /** An error in the middle of a stream. */
  errorFrame(error: ApiError): Frame;
  /** Headers of every response, an error's included. */
  headers(requestId: string, error?: ApiError): Record<string, string>;
}

/** The message of an error, if a script gave none. */
export function messageOf(failure: Extract<Failure, { type: "error" }>): string {
  return failure.message ?? `The script answers ${failure.status}.`;
}

/** Nothing was used. */
export const noUsage: TokenUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
