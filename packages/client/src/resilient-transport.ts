import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse, type Transport } from "@connectrpc/connect";
import { backoffMs, pause } from "./backoff.js";
import { connectionLossAsUnavailable } from "./connection-loss.js";
import type { StratavoreError } from "./errors/stratavore-error.js";
import { typedError } from "./errors/typed-error.js";
import { takesRequestId, withRequestId } from "./request-id.js";

/** How calls are repeated that fail with UNAVAILABLE. */
export interface RetryOptions {
  /** Tries of one call, the first included. Default: 5, which with the waits between them takes up to 1.5 s. */
  attempts?: number;
}

export const defaultAttempts = 5;
const maxDelayMs = 5_000;
/** A call that waited this long before its connection broke, such as WaitRunner, begins to count anew. */
const longCallMs = 10_000;

/**
 * Gives each mutation a `request_id`, repeats calls that fail with UNAVAILABLE when repeating is safe (reads, and
 * whatever has a `request_id`), and makes every failure a `StratavoreError`, of a lost connection an
 * `UnavailableError`. Streams are not repeated here.
 */
export function resilientTransport(
  transport: Transport,
  closed: AbortSignal,
  retry: RetryOptions | false = {},
): Transport {
  const attempts = retry === false ? 1 : Math.max(1, retry.attempts ?? defaultAttempts);
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const request = takesRequestId(method.input) ? withRequestId(input) : input;
      const allowed = isRepeatable(method) ? attempts : 1;
      const deadline = timeoutMs !== undefined && timeoutMs > 0 ? Date.now() + timeoutMs : undefined;
      let remainingMs = timeoutMs;
      for (let attempt = 1; ; attempt++) {
        throwIfClosed(closed);
        const begun = Date.now();
        try {
          return await transport.unary(method, signal, remainingMs, header, request, contextValues);
        } catch (reason) {
          if (!signal?.aborted) throwIfClosed(closed, reason);
          const error = failureOf(reason, signal);
          if (Date.now() - begun > longCallMs) attempt = 1;
          if (signal?.aborted || error.code !== Code.Unavailable || attempt >= allowed) throw error;
          const delayMs = backoffMs(attempt, maxDelayMs);
          if (deadline !== undefined) {
            // The protocols' headers take whole milliseconds.
            remainingMs = Math.floor(deadline - Date.now() - delayMs);
            if (remainingMs <= 0) throw error;
          }
          await pause(delayMs, signal, closed);
        }
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      throwIfClosed(closed);
      try {
        const response = await transport.stream(method, signal, timeoutMs, header, input, contextValues);
        return { ...response, message: translateErrors(response.message, signal) } as typeof response;
      } catch (reason) {
        throw failureOf(reason, signal);
      }
    },
  };
}

/** What the caller gets; after its own abort not what that looked like on the connection. */
const failureOf = (reason: unknown, signal: AbortSignal | undefined): StratavoreError =>
  signal?.aborted ? typedError(reason, Code.Canceled) : typedError(connectionLossAsUnavailable(reason));

/** Reads by their names: the contract marks none of its methods as free of side effects. */
const readOrIdempotent = /^(Get|List|Search|Wait)|^(HealthCheck|Heartbeat|Reconcile)$/;

function isRepeatable(method: DescMethodUnary): boolean {
  return takesRequestId(method.input) || readOrIdempotent.test(method.name);
}

function throwIfClosed(closed: AbortSignal, cause?: unknown): void {
  if (closed.aborted)
    throw typedError(new ConnectError("the client is closed", Code.Canceled, undefined, undefined, cause));
}

/** Hand-written rather than a generator, which would not pass on an abort while a read is pending. */
function translateErrors<M>(messages: StreamResponse["message"], signal?: AbortSignal): AsyncIterable<M> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = messages[Symbol.asyncIterator]() as unknown as AsyncIterator<M>;
      return {
        next: () =>
          iterator.next().catch((reason: unknown) => {
            throw failureOf(reason, signal);
          }),
      };
    },
  };
}
