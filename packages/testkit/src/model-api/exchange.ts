import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiError, Dialect } from "./dialect.js";
import type { Framing } from "./http/stream.js";
import type { LogEntry } from "./ledger.js";
import { freshId } from "./resolve.js";

/** One HTTP request with its response, and its entry in the log. */
export class Exchange {
  readonly requestId = `req_${freshId()}`;
  readonly url: URL;
  readonly #left = new AbortController();
  #note: ((change: Partial<LogEntry>) => void) | undefined;
  #outcome: LogEntry["outcome"] = "open";

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    this.url = new URL(request.url ?? "/", "http://localhost");
    response.once("close", () => {
      if (this.#outcome === "open") this.note({ outcome: "left" });
      this.#left.abort();
    });
  }

  /** Aborted once the connection is gone. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  get framing(): Framing {
    const isGeminiArray = this.url.pathname.includes(":stream") && this.url.searchParams.get("alt") !== "sse";
    return isGeminiArray ? "array" : "sse";
  }

  /** Where {@link note} goes from now on. */
  logTo(note: (change: Partial<LogEntry>) => void): void {
    this.#note = note;
  }

  note(change: Partial<LogEntry>): void {
    this.#outcome = change.outcome ?? this.#outcome;
    this.#note?.(change);
  }

  head(status: number, headers: Record<string, string>): void {
    this.note({ status });
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
  }

  json(status: number, body: string, headers: Record<string, string>): void {
    this.note({ status, outcome: this.#outcome === "open" ? "answered" : this.#outcome });
    const all = {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      ...headers,
    };
    this.response.writeHead(status, all).end(this.request.method === "HEAD" ? undefined : body);
  }

  fail(dialect: Dialect, error: ApiError, headers: Readonly<Record<string, string>> = {}): void {
    this.note({ outcome: "failed" });
    const retry = error.retryAfter === undefined ? undefined : { "retry-after": String(error.retryAfter) };
    const all = { ...dialect.headers(this.requestId, error), ...retry, ...headers };
    this.json(error.status, JSON.stringify(dialect.error(error)), all);
  }

  /** Breaks the connection once what was written is on its way. */
  drop(): void {
    this.note({ outcome: "dropped" });
    this.response.socket?.destroySoon();
  }

  /** Leaves the connection open until the client or the server ends it. */
  hang(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve();
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
