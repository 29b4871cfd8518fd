import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type AppendTranscriptRequestSchema,
  type AppendTranscriptResponse,
  type CancelTurnRequestSchema,
  type CreateSessionRequestSchema,
  type EndSessionRequestSchema,
  type GetSessionRequestSchema,
  type GetSessionTranscriptRequestSchema,
  type GetSessionTranscriptResponse,
  type ListSessionsRequestSchema,
  type ListSessionsResponse,
  type ResumeSessionRequestSchema,
  type ResumeSessionResponse,
  type SearchTranscriptsRequestSchema,
  type SearchTranscriptsResponse,
  type SendMessageRequestSchema,
  type Session,
  SessionService,
  type StreamSessionRequestSchema,
  type Turn,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { everyPage } from "./pages.js";
import { required } from "./required.js";
import type { StreamOptions } from "./stream/resuming-stream.js";
import { SessionStream } from "./stream/session-stream.js";

/** A message that was accepted. */
export interface SentMessage {
  /** The turn, as accepted. */
  readonly turn: Turn;
  /** Position from before the turn: a stream from here shows all of it. */
  readonly cursor: string;
}

/** Sessions: conversations with agents. */
export class Sessions {
  readonly #client: Client<typeof SessionService>;
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#client = createClient(SessionService, context.transport);
    this.#context = context;
  }

  /** Opens a conversation on a live runner. FAILED_PRECONDITION: it is not live, or its agent holds one only. */
  async create(
    request: MessageInitShape<typeof CreateSessionRequestSchema>,
    options?: CallOptions,
  ): Promise<Session> {
    return required((await this.#client.createSession(request, options)).session, "session");
  }

  /** One session. NOT_FOUND. */
  async get(
    request: MessageInitShape<typeof GetSessionRequestSchema>,
    options?: CallOptions,
  ): Promise<Session> {
    return required((await this.#client.getSession(request, options)).session, "session");
  }

  /** A page of sessions, newest first: 50, or `limit` up to 1000. */
  list(
    request: MessageInitShape<typeof ListSessionsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ListSessionsResponse> {
    return this.#client.listSessions(request, options);
  }

  /** Every session, page by page. */
  all(
    request: MessageInitShape<typeof ListSessionsRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<Session, void, undefined> {
    return everyPage(this.#client.listSessions, (page) => page.sessions, request, options);
  }

  /** Continues a conversation, by default on a new runner. FAILED_PRECONDITION: its agent cannot, or it is live. */
  resume(
    request: MessageInitShape<typeof ResumeSessionRequestSchema>,
    options?: CallOptions,
  ): Promise<ResumeSessionResponse> {
    return this.#client.resumeSession(request, options);
  }

  /** Ends a session for good. */
  async end(
    request: MessageInitShape<typeof EndSessionRequestSchema>,
    options?: CallOptions,
  ): Promise<Session> {
    return required((await this.#client.endSession(request, options)).session, "session");
  }

  /** Gives the agent a message and returns at once; the turn goes on without the caller. */
  async send(
    request: MessageInitShape<typeof SendMessageRequestSchema>,
    options?: CallOptions,
  ): Promise<SentMessage> {
    const answer = await this.#client.sendMessage(request, options);
    return { turn: required(answer.turn, "turn"), cursor: answer.cursor };
  }

  /**
   * The conversation as it happens, or from a cursor. Lost connections are made anew where it left off. Ends with the
   * turn `untilTurnId`, or when the session has left its runner.
   */
  stream(
    request: MessageInitShape<typeof StreamSessionRequestSchema>,
    options: StreamOptions = {},
  ): SessionStream {
    return new SessionStream(this.#client, request, options, this.#context.closed);
  }

  /** Asks the agent to stop a turn, by default the one that runs. Cancelling what has ended succeeds. */
  async cancelTurn(
    request: MessageInitShape<typeof CancelTurnRequestSchema>,
    options?: CallOptions,
  ): Promise<Turn> {
    return required((await this.#client.cancelTurn(request, options)).turn, "turn");
  }

  /** The transcript, whole or a page. RESOURCE_EXHAUSTED: too large for one answer; give `pageSize`. */
  transcript(
    request: MessageInitShape<typeof GetSessionTranscriptRequestSchema>,
    options?: CallOptions,
  ): Promise<GetSessionTranscriptResponse> {
    return this.#client.getSessionTranscript(request, options);
  }

  /** Adds messages to the transcript of an external runner's session. */
  append(
    request: MessageInitShape<typeof AppendTranscriptRequestSchema>,
    options?: CallOptions,
  ): Promise<AppendTranscriptResponse> {
    return this.#client.appendTranscript(request, options);
  }

  /** A page of messages by their words, best first. */
  search(
    request: MessageInitShape<typeof SearchTranscriptsRequestSchema>,
    options?: CallOptions,
  ): Promise<SearchTranscriptsResponse> {
    return this.#client.searchTranscripts(request, options);
  }
}
