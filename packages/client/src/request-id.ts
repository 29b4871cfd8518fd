import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

/** True if a request of this type carries a `request_id`, which makes its call safe to repeat. */
export function takesRequestId(input: DescMessage): boolean {
  return input.field.requestId !== undefined;
}

/** The request with a `request_id` of its own where the caller gave none. */
export function withRequestId<I extends DescMessage>(request: MessageInitShape<I>): MessageInitShape<I> {
  const given = (request as { requestId?: string }).requestId;
  return given ? request : { ...request, requestId: randomId() };
}

/** 128 random bits; `crypto.randomUUID` is missing on pages that were not loaded securely. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
