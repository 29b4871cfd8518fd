import type { JournalLine } from "../../drivers/driver.js";

const maxCharacters = 4096;

/** The last words of an agent's error output. */
export class StderrTail {
  #text = "";

  get text(): string {
    return this.#text;
  }

  add(lines: readonly JournalLine[]): void {
    const more = lines.map(({ text }) => `${text.slice(0, maxCharacters)}\n`).join("");
    this.#text = (this.#text + more).slice(-maxCharacters);
  }
}
