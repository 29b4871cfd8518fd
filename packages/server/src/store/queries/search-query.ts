/** What the tokenizer keeps: letters, numbers, private use. */
const SEARCHABLE = /[\p{L}\p{N}\p{Co}]/u;
const TERMS = /"(?<phrase>[^"]*)"?(?<prefix>\*?)|(?<word>[^\s"]+)/gu;

/** Which messages a search is confined to; what is left out does not narrow. */
export interface SearchScope {
  readonly projectName?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly role?: string | undefined;
}

/**
 * An FTS5 expression for what a user typed, within a scope; undefined if there is nothing in it to search for.
 * Words must all occur, "quoted words" side by side, and a trailing * stands for any ending. Everything else is text:
 * whatever is typed, the expression is well-formed.
 */
export function matchExpression(typed: string, scope: SearchScope = {}): string | undefined {
  const terms: string[] = [];
  // SQLite would take a NUL for the end of the expression.
  for (const { groups } of typed.replaceAll("\0", " ").matchAll(TERMS)) {
    const { phrase, word } = groups!;
    const text = phrase ?? word!.replace(/\*+$/u, "");
    const prefix = groups!.prefix || (word?.endsWith("*") ? "*" : "");
    if (SEARCHABLE.test(text)) terms.push(`"${text}"${prefix}`);
  }
  if (terms.length === 0) return undefined;
  const confined = [
    token("p", scope.projectName),
    token("s", scope.sessionId),
    token("r", scope.role),
  ].filter((name) => name !== undefined);
  const content = `content : (${terms.join(" ")})`;
  return confined.length === 0 ? content : `scope : (${confined.join(" ")}) AND ${content}`;
}

/** Whether there is anything in it to search for. */
export const hasSearchTerms = (typed: string): boolean => matchExpression(typed) !== undefined;

/** One token of the index's column `scope`, as the view that feeds it writes them. */
function token(kind: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : `"${kind}${Buffer.from(name).toString("hex")}"`;
}
