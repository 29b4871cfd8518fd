/** Text in pieces of at most `size` UTF-16 units, none of which ends inside a character. */
export function* piecesOf(text: string, size: number): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + size, text.length);
    const isHigh = (text.charCodeAt(to - 1) & 0xfc00) === 0xd800;
    if (to < text.length && isHigh) to--;
    yield text.slice(from, to);
    from = to;
  }
}
