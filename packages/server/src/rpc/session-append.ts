import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type AppendTranscriptRequest,
  AppendTranscriptRequestSchema,
  type AppendTranscriptResponse,
  AppendTranscriptResponseSchema,
} from "@stratavore/proto";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { sessionById } from "../domain/sessions.js";
import { appendMessages } from "../domain/transcript/append.js";
import { callerOf, scopeOf } from "./caller.js";
import type { Services } from "./services.js";
import { cursorText } from "./streams/cursor.js";

/** Adds messages to the transcript of an external runner's session, all of them or none. */
export async function appendTranscript(
  { store }: Services,
  request: AppendTranscriptRequest,
  context: HandlerContext,
): Promise<AppendTranscriptResponse> {
  const repeat = repeatable(scopeOf(context), AppendTranscriptRequestSchema, request);
  const before = answeredBefore(store.read, repeat, AppendTranscriptResponseSchema);
  if (before !== undefined) return before;
  const { answer } = await store.transaction((tx) =>
    once(tx, repeat, AppendTranscriptResponseSchema, () => {
      const session = sessionById(tx, request.sessionId);
      const ordinal = appendMessages(tx, session, request.messages, callerOf(context));
      const position = { lastOrdinal: ordinal, cursor: cursorText({ ordinal }) };
      return { answer: create(AppendTranscriptResponseSchema, position), effect: undefined };
    }),
  );
  return answer;
}
