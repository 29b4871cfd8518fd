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

type Update = StreamSessionResponse["update"];

/** States that are remembered: more than a connection opens with. */
const maxRemembered = 64;

class SessionSource implements StreamSource<StreamSessionResponse> {
  readonly start: string;
  readonly endless = false;
  readonly #client: Client<typeof SessionService>;
  readonly #request: StreamSessionRequest;
  readonly #told = new Map<string, Update>();

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

  /** Each connection opens with the session and its turns and approvals as they are; what is known is dropped. */
  accepts({ update }: StreamSessionResponse, resumed: boolean): boolean {
    const key = stateKey(update);
    if (key === undefined) return true;
    const before = this.#told.get(key);
    this.#told.delete(key);
    this.#told.set(key, update);
    const [oldest] = this.#told.keys();
    if (this.#told.size > maxRemembered && oldest !== undefined) this.#told.delete(oldest);
    return !(resumed && before !== undefined && isSame(before, update));
  }
}

function stateKey(update: Update): string | undefined {
  switch (update.case) {
    case "session":
    case "turn":
    case "approval":
      return `${update.case} ${update.value.id}`;
    default:
      return undefined;
  }
}

function isSame(before: Update, update: Update): boolean {
  const schema = StreamSessionResponseSchema;
  return equals(schema, create(schema, { update: before }), create(schema, { update }));
}
