import { create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import {
  type SessionService,
  type StreamSessionRequest,
  StreamSessionRequestSchema,
  type StreamSessionResponse,
  StreamSessionResponseSchema,
} from "@stratavore/proto";
import { ResumingStream, type StreamCall, type StreamOptions, type StreamSource } from "./resuming-stream.js";

/** A conversation as it happens. Ends when the server says that it is over: see `StreamSessionRequest`. */
export class SessionStream extends ResumingStream<StreamSessionResponse> {
  constructor(
    client: Client<typeof SessionService>,
    request: MessageInitShape<typeof StreamSessionRequestSchema>,
    options: StreamOptions,
    closed: AbortSignal,
  ) {
    super(new SessionSource(client, request), options, closed);
  }

  /** Position after the update that was handed out last; given as `cursor` it continues this stream. */
  get cursor(): string {
    return this.position;
  }
}

type UpdateCase = StreamSessionResponse["update"]["case"];
const states: ReadonlySet<UpdateCase> = new Set<UpdateCase>(["session", "turn", "approval"]);

class SessionSource implements StreamSource<StreamSessionResponse> {
  readonly start: string;
  readonly endless = false;
  readonly #client: Client<typeof SessionService>;
  readonly #request: StreamSessionRequest;
  readonly #latest = new Map<UpdateCase, StreamSessionResponse["update"]>();

  constructor(
    client: Client<typeof SessionService>,
    request: MessageInitShape<typeof StreamSessionRequestSchema>,
  ) {
    this.#client = client;
    this.#request = create(StreamSessionRequestSchema, request);
    this.start = this.#request.cursor;
  }

  open(position: string, call: StreamCall): AsyncIterable<StreamSessionResponse> {
    const request = { ...this.#request, cursor: position };
    if (position !== "") request.fromStart = false;
    return this.#client.streamSession(request, call);
  }

  positionOf(update: StreamSessionResponse): string {
    return update.cursor;
  }

  /** Each connection opens with the session and its latest turn as they are; those that said so before are dropped. */
  accepts({ update }: StreamSessionResponse, resumed: boolean): boolean {
    if (!states.has(update.case)) return true;
    const before = this.#latest.get(update.case);
    this.#latest.set(update.case, update);
    return !(resumed && before !== undefined && isSame(before, update));
  }
}

function isSame(before: StreamSessionResponse["update"], update: StreamSessionResponse["update"]): boolean {
  const schema = StreamSessionResponseSchema;
  return equals(schema, create(schema, { update: before }), create(schema, { update }));
}
