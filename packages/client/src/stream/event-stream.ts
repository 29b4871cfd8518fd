import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import {
  EventType,
  type RunnerEvent,
  type RunnerService,
  type StreamRunnerEventsRequest,
  StreamRunnerEventsRequestSchema,
} from "@stratavore/proto";
import { ResumingStream, type StreamCall, type StreamOptions, type StreamSource } from "./resuming-stream.js";

/** Events as they happen, each stored one once. Ends only by `break`, its signal, or an error. */
export class EventStream extends ResumingStream<RunnerEvent> {
  constructor(
    client: Client<typeof RunnerService>,
    request: MessageInitShape<typeof StreamRunnerEventsRequestSchema>,
    options: StreamOptions,
    closed: AbortSignal,
  ) {
    super(new LogSource(client, request, options.reconnect !== false), options, closed);
  }

  /**
   * The position in the log: the id of the event that was handed out last, or one after it up to which nothing else
   * passed the filters. Given as `afterEventId` it continues this stream; empty before the first.
   */
  get lastEventId(): string {
    return this.position;
  }
}

class LogSource implements StreamSource<RunnerEvent> {
  readonly start: string;
  readonly endless: boolean;
  readonly #client: Client<typeof RunnerService>;
  readonly #request: StreamRunnerEventsRequest;
  readonly #bookmarksWanted: boolean;
  #delivered = "";

  constructor(
    client: Client<typeof RunnerService>,
    request: MessageInitShape<typeof StreamRunnerEventsRequestSchema>,
    resumes: boolean,
  ) {
    this.#client = client;
    this.#request = create(StreamRunnerEventsRequestSchema, request);
    this.#bookmarksWanted = this.#request.bookmarks || this.#request.eventTypes.includes(EventType.BOOKMARK);
    this.start = this.#request.afterEventId;
    this.endless = resumes;
  }

  open(position: string, call: StreamCall): AsyncIterable<RunnerEvent> {
    const request = { ...this.#request, afterEventId: position };
    if (position !== "") request.fromStart = false;
    // They give a position before the first event, and keep it fresh while the filters let nothing through.
    if (this.endless) request.bookmarks = true;
    return this.#client.streamRunnerEvents(request, call);
  }

  positionOf(event: RunnerEvent): string {
    return event.eventId;
  }

  accepts(event: RunnerEvent): boolean {
    if (event.eventType === EventType.BOOKMARK) return this.#bookmarksWanted;
    if (event.eventId === "") return true;
    if (isRepeat(event.eventId, this.#delivered)) return false;
    this.#delivered = event.eventId;
    return true;
  }
}

/** True if an event is the one delivered last or lies before it in the same epoch of the log. */
function isRepeat(eventId: string, delivered: string): boolean {
  if (eventId === delivered) return true;
  const [epoch, seq] = split(eventId);
  const [deliveredEpoch, deliveredSeq] = split(delivered);
  if (epoch !== deliveredEpoch || seq === undefined || deliveredSeq === undefined) return false;
  return seq <= deliveredSeq;
}

function split(eventId: string): [string, bigint | undefined] {
  const dash = eventId.lastIndexOf("-");
  const seq = eventId.slice(dash + 1);
  return [eventId.slice(0, Math.max(0, dash)), /^\d+$/.test(seq) ? BigInt(seq) : undefined];
}
