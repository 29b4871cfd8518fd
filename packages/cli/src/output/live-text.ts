/** Goes to the line above and empties it. */
const lineBefore = "\x1b[1A\x1b[2K";

/** Standard output as text grows on it, with whole lines before, after and, as soon as they fit, between. */
export class LiveText {
  #atLineStart = true;
  #waiting: string[] = [];
  #lastKey = "";

  /** Adds text to the line. `plain` is the text without its colours. */
  write(text: string, plain = text): void {
    if (plain === "") return;
    process.stdout.write(text);
    this.#atLineStart = plain.endsWith("\n");
    this.#lastKey = "";
    this.#flush();
  }

  /** Ends the line that text was added to, if there is one. */
  break(): void {
    if (!this.#atLineStart) this.write("\n");
  }

  /** A line of its own, now. On a terminal it takes the place of the line before it, if that has the same key. */
  line(text: string, key = ""): void {
    this.break();
    const replaces = key !== "" && key === this.#lastKey && process.stdout.isTTY;
    this.write(`${replaces ? lineBefore : ""}${text}\n`, "\n");
    this.#lastKey = key;
  }

  /** A line of its own as soon as no line is being written. */
  aside(text: string): void {
    this.#waiting.push(text);
    this.#flush();
  }

  #flush(): void {
    if (!this.#atLineStart) return;
    if (this.#waiting.length > 0) this.#lastKey = "";
    for (const line of this.#waiting.splice(0)) process.stdout.write(`${line}\n`);
  }
}
