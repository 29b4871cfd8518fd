import type { ApiError } from "../dialect.js";

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** The body of an error, the same in a response and in a stream. */
export function toError({ status, message, requestId }: ApiError) {
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message }, request_id: requestId };
}

const limits = { requests: 4000, "input-tokens": 2_000_000, "output-tokens": 400_000, tokens: 2_400_000 };

/** The request's id, and rate limits that only a 429 has used up. */
export function toHeaders(requestId: string, error?: ApiError): Record<string, string> {
  const isLimited = error?.status === 429;
  const reset = new Date(Date.now() + (isLimited ? (error.retryAfter ?? 0) * 1000 : 0));
  const headers: Record<string, string> = { "request-id": requestId };
  for (const [name, limit] of Object.entries(limits)) {
    headers[`anthropic-ratelimit-${name}-limit`] = String(limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = isLimited ? "0" : String(limit - 1);
    headers[`anthropic-ratelimit-${name}-reset`] = reset.toISOString().replace(/\.\d+/, "");
  }
  return headers;
}
