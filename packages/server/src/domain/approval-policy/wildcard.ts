/** What a pattern's `*` stands between; a `\*` is a star that stands for itself. */
const piecesOf = (pattern: string): string[] => {
  const pieces: string[] = [];
  let piece = "";
  for (const [token] of pattern.matchAll(/\\\*|[\s\S]/g)) {
    if (token === "*") {
      pieces.push(piece);
      piece = "";
    } else piece += token === "\\*" ? "*" : token;
  }
  return [...pieces, piece];
};

/** Whether a text is as a pattern says, in which `*` is any run of characters. Time grows with the text, never faster. */
export const matchesText = (pattern: string, text: string): boolean => textMatcher(pattern)(text);

/** The same for many texts. */
export function textMatcher(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const middle = pieces.slice(1, -1);
  if (pieces.length === 1) return (text) => first === text;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

/** The one text that a pattern without wildcards stands for. */
export function literalOf(pattern: string): string | undefined {
  const pieces = piecesOf(pattern);
  return pieces.length === 1 ? pieces[0] : undefined;
}

/** The pattern that stands for this text alone. */
export const literally = (text: string): string => text.replaceAll("*", "\\*");

/** The same for what a file system or a person may take for the same. */
export const folded = (text: string): string => text.normalize("NFC").toLowerCase();
