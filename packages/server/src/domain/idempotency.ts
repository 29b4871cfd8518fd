import { createHash } from "node:crypto";
import {
  type DescMessage,
  fromBinary,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import type { Reads, Transaction } from "../store/index.js";
import { DomainError } from "./errors.js";

/** How long an answer is kept for repeated calls. */
const keptMs = 24 * 60 * 60 * 1000;

/** A mutation that its caller may repeat. */
export interface RepeatableRequest {
  /** Who calls what; request ids of different scopes have nothing to do with each other. */
  scope: string;
  requestId: string;
  bodyHash: Uint8Array;
}

/** The request as something that can be recognised; undefined if its caller gave it no request id. */
export function repeatable<Desc extends DescMessage>(
  scope: string,
  schema: Desc,
  request: MessageShape<Desc> & { requestId: string },
): RepeatableRequest | undefined {
  const { requestId } = request;
  if (requestId === "") return undefined;
  const body = toJson(schema, { ...request, requestId: "" });
  const bodyHash = createHash("sha256").update(canonical(body)).digest();
  return { scope, requestId, bodyHash };
}

/**
 * The answer that the request got the first time, if there was one.
 *
 * @throws DomainError invalid_argument when the id was used with another body
 */
export function answeredBefore<Desc extends DescMessage>(
  reads: Pick<Reads, "requests">,
  request: RepeatableRequest | undefined,
  schema: Desc,
): MessageShape<Desc> | undefined {
  const row = request && reads.requests.get(request.scope, request.requestId);
  if (row === undefined || row.createdAt < Date.now() - keptMs) return undefined;
  if (Buffer.compare(row.bodyHash, request!.bodyHash) === 0) return fromBinary(schema, row.response);
  const description = "was used for another request; take a new one, or send the same request";
  throw new DomainError("invalid_argument", "REQUEST_ID_REUSED", `request_id: ${description}`, {
    fields: [{ field: "request_id", description }],
    details: { request_id: request!.requestId },
  });
}

/** Keeps the answer, in the transaction of its effect; what was kept for long enough goes. */
function keepAnswer<Desc extends DescMessage>(
  tx: Transaction,
  request: RepeatableRequest | undefined,
  schema: Desc,
  answer: MessageShape<Desc>,
): void {
  if (request === undefined) return;
  tx.requests.sweep(Date.now() - keptMs);
  tx.requests.put({ ...request, response: toBinary(schema, answer) });
}

/** Does something once for all repeats of a request; a repeat gets the first answer, and no effect. */
export function once<Desc extends DescMessage, Effect>(
  tx: Transaction,
  request: RepeatableRequest | undefined,
  schema: Desc,
  act: () => { answer: MessageShape<Desc>; effect: Effect },
): { answer: MessageShape<Desc>; effect: Effect | undefined } {
  const before = answeredBefore(tx, request, schema);
  if (before !== undefined) return { answer: before, effect: undefined };
  const done = act();
  keepAnswer(tx, request, schema, done.answer);
  return done;
}

/** The same text for the same message: the order of a map's entries means nothing on the wire. */
const canonical = (value: JsonValue): string =>
  JSON.stringify(value, (_, each) =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
