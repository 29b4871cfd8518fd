import type { ApiError } from "../dialect.js";

const types: Readonly<Record<number, string>> = {
  401: "invalid_request_error",
  403: "permission_error",
  429: "rate_limit_error",
};

const codes: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  404: "not_found",
  429: "rate_limit_exceeded",
};

/** The body of an error of OpenAI's APIs. */
export function toOpenAiError({ status, message }: ApiError) {
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  return { error: { message, type, param: null, code: codes[status] ?? null } };
}

/** The request's id. */
export function openAiHeaders(requestId: string): Record<string, string> {
  return { "x-request-id": requestId };
}
