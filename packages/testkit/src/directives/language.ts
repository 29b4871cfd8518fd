import { ArgumentError, type ArgumentSpec, type ArgumentValues, readArguments } from "./arguments.js";

/** One directive: what it does, in a sentence, and what it takes. */
export interface DirectiveSpec {
  readonly description: string;
  readonly args: readonly ArgumentSpec[];
}

/** Directives by name, in the order in which the documentation shows them. */
export type Catalogue = Readonly<Record<string, DirectiveSpec>>;

/** The arguments that a directive of the catalogue takes. */
export type ArgumentsOf<C extends Catalogue, N extends keyof C> = ArgumentValues<C[N]["args"]>;

/** One directive as a prompt holds it; told apart by its name. */
export type DirectiveOf<C extends Catalogue> = {
  [N in keyof C]: { readonly name: N; readonly args: ArgumentsOf<C, N> };
}[keyof C];

/** A line starts with `!` and is no directive, or its arguments are wrong. */
export class DirectiveError extends Error {
  override readonly name = "DirectiveError";
  constructor(
    message: string,
    /** Counted from 1. */
    readonly line: number,
    options?: ErrorOptions,
  ) {
    super(`line ${line}: ${message}`, options);
  }
}

/** How a directive is written; what stands in brackets may be left out: `!chunks count [delayMs]`. */
export function usageOf(catalogue: Catalogue, name: string): string {
  const args = catalogue[name]?.args ?? [];
  return [`!${name}`, ...args.map((arg) => (arg.optional ? `[${arg.name}]` : arg.name))].join(" ");
}

/** Reads a line that starts with `!`. Throws {@link DirectiveError}. */
export function readDirective<C extends Catalogue>(
  catalogue: C,
  line: string,
  number: number,
): DirectiveOf<C> {
  const name = /^!(\S*)/.exec(line)?.[1] ?? "";
  const spec = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  if (!spec) {
    const known = Object.keys(catalogue).map((each) => `!${each}`);
    throw new DirectiveError(`unknown directive !${name}; known are ${known.join(" ")}`, number);
  }
  try {
    const args = readArguments(spec.args, line.slice(name.length + 1).trimStart());
    return { name, args } as unknown as DirectiveOf<C>;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const message = `!${name} ${error.message}; usage: ${usageOf(catalogue, name)}`;
    throw new DirectiveError(message, number, { cause: error });
  }
}

/**
 * Writes a directive as a line.
 *
 * Throws {@link DirectiveError} when the same arguments would not be read from that line: a number out of its
 * bounds, a text with a newline, or an optional argument given after one that is left out.
 */
export function writeDirective<C extends Catalogue, N extends keyof C & string>(
  catalogue: C,
  name: N,
  args: ArgumentsOf<C, N>,
): string {
  const specs = catalogue[name]?.args ?? [];
  const given = args as Record<string, string | number | undefined>;
  const words = specs.map((spec) => given[spec.name]).filter((value) => value !== undefined);
  const line = [`!${name}`, ...words].join(" ");
  const [first = "", ...more] = line.split("\n");
  const read = readDirective(catalogue, first.trimEnd(), 1).args as Record<string, string | number>;
  for (const spec of specs) {
    if (more.length > 0 || read[spec.name] !== given[spec.name]) {
      throw new DirectiveError(`!${name} cannot carry this ${spec.name} on its line`, 1);
    }
  }
  return line;
}
