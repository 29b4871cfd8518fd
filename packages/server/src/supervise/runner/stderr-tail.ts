const maxBytes = 4096;

/** The last words of an agent's error output, at most 4 KiB of them, after some more of its lines. */
export function stderrTail(before: string, lines: readonly string[]): string {
  const text = lines.reduce((tail, line) => `${tail}${line.slice(-maxBytes)}\n`.slice(-2 * maxBytes), before);
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let from = bytes.length - maxBytes;
  while (from < bytes.length && (bytes[from]! & 0xc0) === 0x80) from++;
  return bytes.toString("utf8", from);
}
