import { EventType, type RunnerEvent, type StratavoreClient } from "@stratavore/client/node";
import { eventText } from "../output/event-text.js";
import type { LiveText } from "../output/live-text.js";
import { styled } from "../output/style.js";

const shownTypes = Object.values(EventType).filter(
  (type): type is EventType =>
    typeof type === "number" &&
    type !== EventType.UNSPECIFIED &&
    type !== EventType.BOOKMARK &&
    type !== EventType.RUNNER_HEARTBEAT,
);

interface Waiting {
  readonly wanted: (event: RunnerEvent) => boolean;
  readonly arrived: () => void;
}

/** Shows each event as it happens, and tells when a certain one was shown. */
export class EventFeed {
  readonly #stop = new AbortController();
  readonly #seen: RunnerEvent[] = [];
  readonly #waiting = new Set<Waiting>();
  readonly #reading: Promise<void>;

  constructor(client: StratavoreClient, live: LiveText, projectName: string, afterEventId: string) {
    const request = { projectName, afterEventId, eventTypes: shownTypes };
    const events = client.runners.events(request, { signal: this.#stop.signal });
    this.#reading = this.#read(events, live);
  }

  /** Settles when an event like that was shown, or after the time in ms. */
  async shown(wanted: Waiting["wanted"], timeoutMs = 5_000): Promise<void> {
    if (this.#seen.some(wanted)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => waiting.arrived(), timeoutMs);
      const waiting = {
        wanted,
        arrived: () => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve();
        },
      };
      this.#waiting.add(waiting);
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(events: AsyncIterable<RunnerEvent>, live: LiveText): Promise<void> {
    try {
      for await (const event of events) {
        live.aside(`${styled("magenta", "event")} ${eventText(event, true)}`);
        this.#seen.push(event);
        for (const each of [...this.#waiting]) if (each.wanted(event)) each.arrived();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) live.line(`The stream of events ended: ${(error as Error).message}`);
    }
  }
}
