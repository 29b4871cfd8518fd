/** One argument of a directive, in the order in which it is written. */
export interface ArgumentSpec {
  readonly name: string;
  /** `word` ends at the next space, `text` is the rest of the line. */
  readonly kind: "integer" | "number" | "word" | "text";
  readonly optional?: true;
  /** Smallest value of a number; 0 unless given. */
  readonly min?: number;
  /** Largest value of a number; 2^53 - 1 unless given. */
  readonly max?: number;
  /** The only words allowed. */
  readonly choices?: readonly string[];
}

type Value<A extends ArgumentSpec> = A["kind"] extends "integer" | "number"
  ? number
  : A extends { choices: readonly (infer C extends string)[] }
    ? C
    : string;

type Name<A extends ArgumentSpec, Wanted> = A extends { optional: true }
  ? Wanted extends "optional"
    ? A["name"]
    : never
  : Wanted extends "required"
    ? A["name"]
    : never;

/** The arguments as an object: `{ count: number; delayMs?: number }`. */
export type ArgumentValues<Specs extends readonly ArgumentSpec[]> = {
  [A in Specs[number] as Name<A, "required">]: Value<A>;
} & { [A in Specs[number] as Name<A, "optional">]?: Value<A> };

/** An argument is missing, left over or malformed. The message says which and what was expected. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

/** Reads `rest`, what follows the directive's name, by its specs. Throws {@link ArgumentError}. */
export function readArguments(specs: readonly ArgumentSpec[], rest: string): Record<string, string | number> {
  const values: Record<string, string | number> = {};
  let left = rest;
  for (const spec of specs) {
    const raw = spec.kind === "text" ? left : (/^\S*/.exec(left)?.[0] ?? "");
    left = left.slice(raw.length).trimStart();
    if (raw !== "") values[spec.name] = readValue(spec, raw);
    else if (!spec.optional) throw new ArgumentError(`needs ${spec.name}`);
  }
  if (left !== "") throw new ArgumentError(`does not take "${left}"`);
  return values;
}

function readValue(spec: ArgumentSpec, raw: string): string | number {
  if (spec.kind === "text") return raw;
  if (spec.kind === "word") {
    if (spec.choices && !spec.choices.includes(raw)) {
      throw new ArgumentError(`takes ${spec.choices.join(" or ")} as ${spec.name}, not "${raw}"`);
    }
    return raw;
  }
  const pattern = spec.kind === "integer" ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/;
  const value = pattern.test(raw) ? Number(raw) : Number.NaN;
  const min = spec.min ?? 0;
  const max = spec.max ?? Number.MAX_SAFE_INTEGER;
  if (!(value >= min && value <= max)) {
    throw new ArgumentError(
      `takes ${spec.kind === "integer" ? "an integer" : "a number"} from ${min} to ${max} as ${spec.name}, not "${raw}"`,
    );
  }
  return value;
}
