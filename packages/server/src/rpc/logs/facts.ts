import { isSecretName, redacted, withoutSecrets } from "./redact.js";

/** A line is for reading: what is longer is cut, so that no one line can push all others out. */
export const maxTextLength = 4_000;
const maxFacts = 32;
const maxNameLength = 100;
const maxDepth = 3;
const maxEntries = 20;

/** A text as it is kept: cut, then freed of secrets. */
export function keptText(text: string): string {
  if (text.length <= maxTextLength) return withoutSecrets(text);
  const cut = withoutSecrets(text.slice(0, maxTextLength));
  // What is left of a secret by the cut may be too short to look like one.
  const goesOn = /^[\w-]/.test(text.slice(maxTextLength, maxTextLength + 1));
  const kept = goesOn ? cut.replace(/[\w-]{1,50}$/, "") : cut;
  return `${kept}… (${text.length - maxTextLength + cut.length - kept.length} more characters)`;
}

/** Facts of a log line by name, each as text. What cannot be read is said to be so: a log line never fails its caller. */
export function keptFacts(facts: object): Record<string, string> {
  const kept: Record<string, string> = {};
  try {
    for (const name of Object.keys(facts).slice(0, maxFacts)) {
      kept[name.slice(0, maxNameLength)] = attempt(() =>
        textOf(name, (facts as Record<string, unknown>)[name]),
      );
    }
  } catch {
    kept.facts = unreadable;
  }
  return kept;
}

const unreadable = "[unreadable]";

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return unreadable;
  }
}

function textOf(name: string, value: unknown): string {
  const plain = plainOf(name, value, 0);
  if (typeof plain === "string") return plain;
  return keptText(JSON.stringify(plain) ?? String(plain));
}

/** The value as JSON can hold it. A count is no secret, whatever its name: `tokens`. */
function plainOf(name: string, value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value === "number" || typeof value === "boolean" || value == null) return value;
  if (isSecretName(name)) return redacted;
  if (typeof value === "string") return keptText(value);
  if (value instanceof Error) return keptText(errorText(value, depth));
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return "[…]";
  if (Array.isArray(value)) {
    const all = value.slice(0, maxEntries);
    return all.map((each, place) => plainOf(optionBefore(all[place - 1]), each, depth + 1));
  }
  const entries = Object.entries(value as object).slice(0, maxEntries);
  return Object.fromEntries(entries.map(([key, each]) => [key, plainOf(key, each, depth + 1)]));
}

/** What an error says, and what it says of its causes. */
function errorText({ name, message, cause }: Error, depth: number): string {
  const own = `${name}: ${message}`;
  if (cause === undefined || depth >= maxDepth) return own;
  const why = cause instanceof Error ? errorText(cause, depth + 1) : attempt(() => String(cause));
  return `${own} (because of ${why})`;
}

/** What names a list's next element: `--password` in the arguments of a program. */
const optionBefore = (before: unknown): string =>
  typeof before === "string" && /^--?[\w-]+$/.test(before) ? before : "";
