import { isUtf8 } from "node:buffer";
import type { JournalLine } from "../driver.js";

const NEWLINE = 10;

/** Cuts bytes into lines and holds the unfinished one, never more of it than the limit. */
export class LineSplitter {
  readonly #maxBytes: number;
  #head = Buffer.alloc(0);
  #kept = 0;
  #pending = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Length of the unfinished line so far, its dropped bytes included. */
  get pendingBytes(): number {
    return this.#pending;
  }

  /** The lines that `chunk` ends; the chunk can be reused afterwards. */
  push(chunk: Buffer): JournalLine[] {
    const found: JournalLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      if (this.#pending === 0) {
        found.push(this.#line(rest, rest.length, true));
      } else {
        this.#keep(rest);
        found.push(this.#take(true));
      }
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return found;
  }

  /** What is left when no newline will come; null when nothing is. */
  finish(): JournalLine | null {
    return this.#pending === 0 ? null : this.#take(false);
  }

  #keep(bytes: Buffer): void {
    this.#pending += bytes.length;
    // One byte past the limit shows whether the cut falls inside a character.
    const wanted = Math.min(bytes.length, this.#maxBytes + 1 - this.#kept);
    if (wanted <= 0) return;
    const size = this.#kept + wanted;
    if (size > this.#head.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes + 1, Math.max(size * 2, 256)));
      this.#head.copy(larger, 0, 0, this.#kept);
      this.#head = larger;
    }
    bytes.copy(this.#head, this.#kept, 0, wanted);
    this.#kept = size;
  }

  #take(terminated: boolean): JournalLine {
    const line = this.#line(this.#head.subarray(0, this.#kept), this.#pending, terminated);
    this.#head = Buffer.alloc(0);
    this.#kept = 0;
    this.#pending = 0;
    return line;
  }

  #line(head: Buffer, length: number, terminated: boolean): JournalLine {
    const bytes = length > this.#maxBytes ? head.subarray(0, boundaryBefore(head, this.#maxBytes)) : head;
    return {
      text: bytes.toString("utf8"),
      invalidUtf8: !isUtf8(bytes),
      droppedBytes: length - bytes.length,
      terminated,
    };
  }
}

/** The last place at or before `at` where a UTF-8 character begins. */
function boundaryBefore(bytes: Buffer, at: number): number {
  for (let cut = at; cut > Math.max(0, at - 4); cut--) {
    if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  }
  return at;
}
