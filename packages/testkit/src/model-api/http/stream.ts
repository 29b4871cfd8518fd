import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { Frame } from "../dialect.js";

/** How a stream of events is framed: server-sent events, or the elements of one JSON array. */
export type Framing = "sse" | "array";

/** Writes the events of one answer, at its pace, as fast as the client reads them. */
export class FrameWriter {
  #written = 0;

  constructor(
    readonly response: ServerResponse,
    readonly framing: Framing,
    readonly pauseMs: number,
    readonly signal: AbortSignal,
  ) {}

  /** Throws when the client goes away. */
  async write(frames: Iterable<Frame>): Promise<void> {
    for (const frame of frames) {
      if (frame.isPiece && this.pauseMs > 0) {
        await setTimeout(this.pauseMs, undefined, { signal: this.signal });
      }
      this.signal.throwIfAborted();
      const isTaken = this.response.write(this.#encode(frame));
      this.#written += 1;
      if (!isTaken) await once(this.response, "drain", { signal: this.signal });
    }
  }

  end(): void {
    if (this.framing === "array") this.response.write(this.#written === 0 ? "[]" : "]");
    this.response.end();
  }

  #encode({ event, data }: Frame): string {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    if (this.framing === "array") return `${this.#written === 0 ? "[" : ",\r\n"}${text}`;
    return `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`;
  }
}
