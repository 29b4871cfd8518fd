import { Code, ConnectError } from "@connectrpc/connect";
import { backoffMs, pause } from "../backoff.js";
import type { CallOptions } from "../call-options.js";
import type { StratavoreError } from "../errors/stratavore-error.js";
import { typedError } from "../errors/typed-error.js";
import { defaultAttempts } from "../resilient-transport.js";

/** A connection of a stream that is about to be made anew. */
export interface Reconnect {
  /** Which one in a row without progress, from 1. */
  readonly attempt: number;
  /** Milliseconds until it is made. */
  readonly delayMs: number;
  /** Why the one before it ended. */
  readonly error: StratavoreError;
  /** The event id or cursor that it goes on after; empty if nothing came yet. */
  readonly position: string;
}

/** What every stream takes beside its request. */
export interface StreamOptions extends CallOptions {
  /**
   * Whether a lost connection is made anew, where the stream left off. `maxDelayMs`: the longest wait between two
   * tries, default 10,000. A stream that never got through gives up as a plain call does.
   */
  reconnect?: false | { maxDelayMs?: number };
  /** Called before each wait. */
  onReconnect?: (reconnect: Reconnect) => void;
}

/** A call as a stream makes it for each of its connections. */
export interface StreamCall extends CallOptions {
  signal: AbortSignal;
  onHeader: () => void;
}

/** What a stream is made of. */
export interface StreamSource<M> {
  /** Where it begins; empty: where the request says. */
  readonly start: string;
  /** True if the server has no reason to end it, so that an end is a loss. */
  readonly endless: boolean;
  /** Opens a connection that goes on after the position. */
  open(position: string, call: StreamCall): AsyncIterable<M>;
  /** The position after a message; empty if it moves none. */
  positionOf(message: M): string;
  /** False for a message that is not for the caller. `resumed`: it is from a connection made anew. */
  accepts(message: M, resumed: boolean): boolean;
}

const defaultMaxDelayMs = 10_000;

/**
 * A server stream that outlives its connections. It begins with the first `next()`, can be read once, and is left by
 * `break`, which ends the call on the server too. A signal that is aborted makes it fail with CANCELLED.
 */
export class ResumingStream<M> implements AsyncIterableIterator<M, void, undefined> {
  readonly #messages: AsyncGenerator<M, void, undefined>;
  readonly #stop = new AbortController();
  #position: string;
  #left = false;

  constructor(source: StreamSource<M>, options: StreamOptions, closed: AbortSignal) {
    this.#position = source.start;
    this.#messages = this.#read(source, options, closed);
  }

  /** Where the stream goes on after a loss; moves before a message is handed out. */
  protected get position(): string {
    return this.#position;
  }

  next(): Promise<IteratorResult<M, void>> {
    return this.#messages.next();
  }

  async return(): Promise<IteratorResult<M, void>> {
    this.#left = true;
    this.#stop.abort(new ConnectError("the stream was left", Code.Canceled));
    return this.#messages.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async *#read(
    source: StreamSource<M>,
    options: StreamOptions,
    closed: AbortSignal,
  ): AsyncGenerator<M, void, undefined> {
    const release = this.#stopWith(options.signal, closed);
    try {
      yield* this.#connections(source, options);
    } catch (reason) {
      if (this.#left) return;
      throw this.#stop.signal.aborted ? typedError(this.#stop.signal.reason, Code.Canceled) : reason;
    } finally {
      release();
    }
  }

  async *#connections(source: StreamSource<M>, options: StreamOptions): AsyncGenerator<M, void, undefined> {
    const { signal } = this.#stop;
    const { reconnect = {}, timeoutMs = 0, headers, onReconnect } = options;
    const deadline = timeoutMs > 0 ? Date.now() + timeoutMs : Number.POSITIVE_INFINITY;
    let everConnected = false;
    let attempt = 0;
    const call: StreamCall = {
      signal,
      headers,
      onHeader: () => {
        everConnected = true;
      },
    };
    for (let resumed = false; ; resumed = true) {
      signal.throwIfAborted();
      if (timeoutMs > 0) call.timeoutMs = Math.max(1, deadline - Date.now());
      let error = typedError(new ConnectError("the server ended the stream", Code.Unavailable));
      try {
        for await (const message of source.open(this.#position, call)) {
          const position = source.positionOf(message);
          // Only progress ends the back-off: a server that fails after each greeting must not be hammered.
          if (position !== "" && position !== this.#position) {
            this.#position = position;
            attempt = 0;
          }
          if (source.accepts(message, resumed)) yield message;
        }
        if (!source.endless) return;
      } catch (reason) {
        error = typedError(reason);
      }
      signal.throwIfAborted();
      attempt += 1;
      const hopeless = !everConnected && attempt >= defaultAttempts;
      if (reconnect === false || error.code !== Code.Unavailable || hopeless) throw error;
      const delayMs = backoffMs(attempt, reconnect.maxDelayMs ?? defaultMaxDelayMs);
      if (Date.now() + delayMs >= deadline) {
        throw typedError(
          new ConnectError(error.rawMessage, Code.DeadlineExceeded, undefined, undefined, error),
        );
      }
      onReconnect?.({ attempt, delayMs, error, position: this.#position });
      await pause(delayMs, signal);
    }
  }

  /** Stops the stream when the caller's signal or the client's end says so; returns what undoes that. */
  #stopWith(signal: AbortSignal | undefined, closed: AbortSignal): () => void {
    const stopped = () => this.#stop.abort(signal?.reason);
    const ended = () => this.#stop.abort(new ConnectError("the client is closed", Code.Canceled));
    signal?.addEventListener("abort", stopped);
    closed.addEventListener("abort", ended);
    if (signal?.aborted) stopped();
    if (closed.aborted) ended();
    return () => {
      signal?.removeEventListener("abort", stopped);
      closed.removeEventListener("abort", ended);
    };
  }
}
