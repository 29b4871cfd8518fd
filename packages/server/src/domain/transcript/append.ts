import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { PartSchema, SessionStatus, type TranscriptMessage, type Usage } from "@stratavore/proto";
import type { SessionRow, Transaction } from "../../store/index.js";
import { failedPrecondition, invalidField } from "../errors.js";
import { priced } from "../prices/compute.js";
import { builtInPrices } from "../prices/table.js";
import { addUsage } from "../usage.js";
import { dayOf } from "../utc-day.js";
import { storedParts } from "../views/message.js";
import { storedUsage } from "../views/usage.js";
import { contentOf } from "./content.js";

const roles: readonly string[] = ["user", "assistant", "system"];
/** A page of a transcript holds one message at least, and stock clients refuse an answer of more than 4 MB. */
const maxMessageBytes = 1024 * 1024;

/** @throws DomainError invalid_argument */
export function checkRole(field: string, role: string): void {
  if (!roles.includes(role))
    throw invalidField(field, `"${role.slice(0, 32)}" is none of ${roles.join(", ")}`);
}

/**
 * Adds an external runner's messages to its session, and gives the last one's ordinal. What they used is the person's.
 *
 * @throws DomainError failed_precondition: the session is not an external runner's, or has ended; invalid_argument
 */
export function appendMessages(
  tx: Transaction,
  session: SessionRow,
  messages: readonly TranscriptMessage[],
  person: string,
): bigint {
  requireExternal(tx, session);
  let last = 0n;
  messages.forEach((message, index) => {
    const { role, metadata, timestamp, completedAt } = message;
    const usage = message.usage && priced(message.usage, session.model, dayOf(Date.now()), builtInPrices);
    const { parts, content } = checkedBody(message, `messages[${index}]`);
    const createdAt = timestamp === undefined ? Date.now() : timestampMs(timestamp);
    last = tx.messages.append({
      sessionId: session.id,
      role,
      content,
      parts: storedParts(parts),
      metadata,
      usage: usage === undefined ? null : storedUsage(usage),
      complete: true,
      createdAt: Math.trunc(createdAt),
      completedAt: completedAt === undefined ? Date.now() : Math.trunc(timestampMs(completedAt)),
    });
    if (usage !== undefined) addUsage(tx, session, usage, person);
  });
  tx.sessions.update(session.id, { lastActivity: Date.now() });
  return last;
}

function requireExternal(tx: Transaction, { id, runnerId, status }: SessionRow): void {
  if (tx.runners.byId(runnerId)?.external !== true) {
    throw failedPrecondition(
      "NOT_EXTERNAL",
      `session ${id} is of an agent that is followed here; only an external runner's transcript is written by its owner`,
      { session: id, runner: runnerId },
    );
  }
  if (status === SessionStatus.ENDED)
    throw failedPrecondition("SESSION_ENDED", `session ${id} is ENDED; open a new one`, { session: id });
}

/** A message says its content, its parts, or both; what is left out is made of the other. */
function checkedBody(message: TranscriptMessage, field: string) {
  checkRole(`${field}.role`, message.role);
  if (message.content === "" && message.parts.length === 0)
    throw invalidField(field, "a message needs content or parts");
  if (message.inProgress) throw invalidField(`${field}.in_progress`, "only whole messages are added");
  if (message.turnId !== "") throw invalidField(`${field}.turn_id`, "an external session has no turns");
  if (message.usage !== undefined) checkUsage(message.usage, `${field}.usage`);
  const parts =
    message.parts.length > 0
      ? message.parts
      : [create(PartSchema, { kind: { case: "text", value: message.content } })];
  const content = message.content || contentOf(parts);
  const bytes = storedParts(parts).length + Buffer.byteLength(content);
  if (bytes > maxMessageBytes)
    throw invalidField(field, `it has ${bytes} bytes; a message may have ${maxMessageBytes}`);
  return { parts, content };
}

function checkUsage(usage: Usage, field: string): void {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, costNanos } = usage;
  const figures = [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, costNanos];
  if (figures.some((figure) => figure < 0n)) throw invalidField(field, "figures cannot be negative");
}
