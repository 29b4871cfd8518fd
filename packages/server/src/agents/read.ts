import { isRecord } from "./json-rpc.js";

/** JSON of an agent nested deeper than this would overflow the readers of stock clients, which stop at 100 messages. */
const maxDepth = 24;

/** What is not text is none; half of a surrogate pair becomes U+FFFD, as it could not be stored otherwise. */
export const textIn = (value: unknown): string => (typeof value === "string" ? value.toWellFormed() : "");

export const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const recordIn = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

export const recordsIn = (value: unknown): Record<string, unknown>[] => listIn(value).filter(isRecord);

/** A count: not negative, and no larger than a double holds exactly. */
export const countIn = (value: unknown): bigint =>
  typeof value === "number" && value > 0 ? BigInt(Math.trunc(Math.min(value, Number.MAX_SAFE_INTEGER))) : 0n;

/** Free JSON as it can be stored: well-formed text, and what is nested too deeply as its text. */
export function freeJson(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return jsonText(value);
  if (Array.isArray(value)) return value.map((each) => freeJson(each, depth + 1));
  const entries = Object.entries(value).map(([name, each]) => [
    name.toWellFormed(),
    freeJson(each, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value).toWellFormed();
  } catch {
    return "(nested too deeply to be shown)";
  }
}
