import { type ApiError, type Dialect, type Frame, noUsage } from "../dialect.js";
import { openAiHeaders, toOpenAiError } from "../openai/error.js";
import { readResponsesRequest } from "./request.js";
import { toItems, toResponse } from "./response.js";
import { beginResponse, endResponse } from "./stream.js";

/** OpenAI's Responses API. */
export const responsesDialect: Dialect = {
  api: "responses",
  read: readResponsesRequest,
  whole: (served) => toResponse(served, toItems(served), true),
  begin: beginResponse,
  end: endResponse,
  usageBeforeEnd: () => noUsage,
  error: toOpenAiError,
  errorFrame,
  headers: openAiHeaders,
};

function errorFrame(error: ApiError): Frame {
  const { code, message, type } = toOpenAiError(error).error;
  return { event: "error", data: { type: "error", code: code ?? type, message, param: null } };
}
