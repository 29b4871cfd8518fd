import { create } from "@bufbuild/protobuf";
import {
  type GetSessionTranscriptRequest,
  type GetSessionTranscriptResponse,
  GetSessionTranscriptResponseSchema,
  type SessionMetadata,
  SessionMetadataSchema,
  TranscriptFormat,
  type TranscriptMessage,
} from "@stratavore/proto";
import { DomainError } from "../domain/errors.js";
import { sessionById } from "../domain/sessions.js";
import { renderMarkdown, renderText } from "../domain/transcript/render.js";
import { transcriptMessage } from "../domain/views/message.js";
import { timestampOf } from "../domain/views/time.js";
import { usageOf } from "../domain/views/usage.js";
import type { Reads, SessionRow } from "../store/index.js";
import { keyOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";
import { cursorText, placeAfter } from "./streams/cursor.js";

const readSize = 64;
const defaultPage = 50;
const maxPage = 1000;
/** Stock clients refuse an answer of more than 4 MB. */
const maxPageBytes = 3 * 1024 * 1024;
/** @throws DomainError not_found, or resource_exhausted for what is too large for one answer */
export function readTranscript(
  { store, maxTranscriptBytes }: Services,
  request: GetSessionTranscriptRequest,
): GetSessionTranscriptResponse {
  return store.snapshot((read) => {
    const session = sessionById(read, request.sessionId);
    const after = BigInt(keyOf(request.pageToken, isOrdinal) ?? "0");
    const paged = request.pageSize > 0 || request.pageToken !== "";
    const messages = paged
      ? readPage(read, session.id, after, Math.min(request.pageSize || defaultPage, maxPage))
      : readAll(read, session.id, maxTranscriptBytes);
    const last = messages.at(-1);
    const more = last !== undefined && last.ordinal < session.nextOrdinal - 1n;
    return create(GetSessionTranscriptResponseSchema, {
      sessionId: session.id,
      messages,
      metadata: request.includeMetadata ? metadataOf(session) : undefined,
      totalTokens: session.tokenCount,
      createdAt: timestampOf(session.createdAt),
      updatedAt: timestampOf(session.lastActivity),
      rendered: rendered(messages, request.format),
      nextPageToken: more ? tokenOf(String(last.ordinal)) : "",
      cursor: cursorAfter(last, after),
    });
  });
}

const isOrdinal = (value: unknown): value is string => typeof value === "string" && /^\d{1,18}$/.test(value);

/** Messages after an ordinal, in order, each with its size in bytes. */
function* messagesAfter(
  read: Reads,
  sessionId: string,
  after: bigint,
): Generator<{ message: TranscriptMessage; bytes: number }> {
  for (let from = after + 1n; ; ) {
    const rows = read.messages.page(sessionId, from, readSize);
    for (const row of rows) {
      const chunks = row.complete ? [] : read.chunks.after(sessionId, row.ordinal, 0);
      const message = transcriptMessage(row, chunks);
      const partBytes = chunks.reduce((sum, { chunk }) => sum + chunk.length, row.parts.length);
      yield { message, bytes: partBytes + Buffer.byteLength(message.content) };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    from = last.ordinal + 1n;
  }
}

/** A page ends early when it grows large, but holds one message at least. */
function readPage(read: Reads, sessionId: string, after: bigint, size: number): TranscriptMessage[] {
  const page: TranscriptMessage[] = [];
  let bytes = 0;
  for (const next of messagesAfter(read, sessionId, after)) {
    bytes += next.bytes;
    if (page.length > 0 && bytes > maxPageBytes) break;
    page.push(next.message);
    if (page.length === size) break;
  }
  return page;
}

function readAll(read: Reads, sessionId: string, maxBytes: number): TranscriptMessage[] {
  const messages: TranscriptMessage[] = [];
  let bytes = 0;
  for (const next of messagesAfter(read, sessionId, 0n)) {
    bytes += next.bytes;
    if (bytes > maxBytes) {
      throw new DomainError(
        "resource_exhausted",
        "TRANSCRIPT_TOO_LARGE",
        `the transcript is larger than ${maxBytes} bytes; ask for pages with page_size`,
        { details: { limit_bytes: String(maxBytes) } },
      );
    }
    messages.push(next.message);
  }
  return messages;
}

function cursorAfter(last: TranscriptMessage | undefined, after: bigint): string {
  if (last === undefined) return cursorText({ ordinal: after });
  if (!last.inProgress) return cursorText({ ordinal: last.ordinal });
  const inside = placeAfter(last.parts);
  return cursorText(
    inside === undefined ? { ordinal: last.ordinal - 1n } : { ordinal: last.ordinal, inside },
  );
}

function rendered(messages: readonly TranscriptMessage[], format: TranscriptFormat): string {
  if (format === TranscriptFormat.TEXT) return renderText(messages);
  return format === TranscriptFormat.MARKDOWN ? renderMarkdown(messages) : "";
}

const metadataOf = (session: SessionRow): SessionMetadata =>
  create(SessionMetadataSchema, {
    model: session.model,
    agent: session.agent,
    startedAt: timestampOf(session.createdAt),
    endedAt: timestampOf(session.endedAt),
    messageCount: session.nextOrdinal - 1n,
    usage: usageOf(session.usage),
    resumedFrom: session.resumedFrom ?? "",
    summary: session.title,
  });
