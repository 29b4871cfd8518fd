import type { Dialect } from "../dialect.js";
import { toError, toHeaders } from "./error.js";
import { toContent, toMessage, usageAtStart } from "./message.js";
import { readMessagesRequest } from "./request.js";
import { beginMessage, endMessage } from "./stream.js";

/** Anthropic's Messages API. */
export const messagesDialect: Dialect = {
  api: "messages",
  read: readMessagesRequest,
  whole: (served) => toMessage(served, toContent(served), true),
  begin: beginMessage,
  end: endMessage,
  usageBeforeEnd: usageAtStart,
  error: toError,
  errorFrame: (error) => ({ event: "error", data: toError(error) }),
  headers: toHeaders,
};
