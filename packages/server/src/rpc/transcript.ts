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
import type { Reads, SessionRow, Store } from "../store/index.js";
import { keyOf, tokenOf } from "./paging.js";
import { cursorText, placeAfter } from "./streams/cursor.js";

const readSize = 256;
const maxPage = 1000;
/** An answer without pages may not grow past this; stock clients stop at 4 MB unless told otherwise. */
const maxUnpagedBytes = 64 * 1024 * 1024;

/** @throws DomainError not_found, or resource_exhausted for what is too large for one answer */
export function readTranscript(
  store: Store,
  request: GetSessionTranscriptRequest,
): GetSessionTranscriptResponse {
  return store.snapshot((read) => {
    const session = sessionById(read, request.sessionId);
    const after = BigInt(keyOf(request.pageToken, isOrdinal) ?? "0");
    const paged = request.pageSize > 0 || request.pageToken !== "";
    const size = paged ? Math.min(request.pageSize || 50, maxPage) : Number.POSITIVE_INFINITY;
    const messages = readMessages(read, session.id, after, size);
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

function readMessages(read: Reads, sessionId: string, after: bigint, size: number): TranscriptMessage[] {
  const messages: TranscriptMessage[] = [];
  let bytes = 0;
  for (let from = after + 1n; messages.length < size; ) {
    const rows = read.messages.page(sessionId, from, Math.min(readSize, size - messages.length));
    for (const row of rows) {
      const chunks = row.complete ? [] : read.chunks.after(sessionId, row.ordinal, 0);
      const message = transcriptMessage(row, chunks);
      bytes += row.parts.length + message.content.length;
      messages.push(message);
    }
    if (size === Number.POSITIVE_INFINITY && bytes > maxUnpagedBytes) {
      throw new DomainError(
        "resource_exhausted",
        "TRANSCRIPT_TOO_LARGE",
        `the transcript is larger than ${maxUnpagedBytes} bytes; ask for pages with page_size`,
        { details: { limit_bytes: String(maxUnpagedBytes) } },
      );
    }
    if (rows.length === 0) break;
    from = rows.at(-1)!.ordinal + 1n;
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
