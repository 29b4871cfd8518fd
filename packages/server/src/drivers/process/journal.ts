import { fstatSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Journal, LineBatch, LineOptions } from "../driver.js";
import { DriverError } from "../driver-error.js";
import { fileIn } from "./folder.js";
import type { FolderWatch } from "./folder-watch.js";
import { LineSplitter } from "./lines.js";
import { HolePunch } from "./punch.js";
import { Wakeup } from "./wakeup.js";

const READ_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Looking at the size is cheap; it only has to catch what inotify lost. */
const WATCHED_POLL_MS = 2000;
const UNWATCHED_POLL_MS = 50;

/** What a journal has to know of its process. */
export interface JournalOwner {
  readonly dir: string;
  readonly watch: FolderWatch;
  /** Aborted once the process has ended and no more will be written. */
  readonly ended: AbortSignal;
  /** Aborted by detach. */
  readonly closed: AbortSignal;
}

export class FileJournal implements Journal {
  readonly #owner: JournalOwner;
  readonly #name: "stdout" | "stderr";
  readonly #path: string;
  readonly #punch: HolePunch;

  constructor(owner: JournalOwner, name: "stdout" | "stderr", punchBytes: number) {
    this.#owner = owner;
    this.#name = name;
    this.#path = fileIn(owner.dir, name);
    this.#punch = new HolePunch(this.#path, punchBytes);
  }

  async *lines(from: number, options: LineOptions = {}): AsyncGenerator<LineBatch, void, undefined> {
    const { ended, closed, watch } = this.#owner;
    const stops = [closed, ...(options.signal ? [options.signal] : [])];
    const isStopped = () => stops.some((signal) => signal.aborted);
    const wakeup = new Wakeup();
    const unwatch = watch.on(this.#name, wakeup.ring);
    for (const signal of [ended, ...stops]) signal.addEventListener("abort", wakeup.ring);
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, "r");
      const splitter = new LineSplitter(options.maxLineBytes ?? MAX_LINE_BYTES);
      let offset = from;
      let buffer: Buffer | null = null;
      while (!isStopped()) {
        // Asked before the size: what was written before the end is then in that size.
        const wasEnded = ended.aborted;
        const available = fstatSync(file.fd).size - offset;
        if (available > 0) {
          if (buffer === null || buffer.length < Math.min(available, READ_BYTES)) {
            buffer = Buffer.allocUnsafeSlow(Math.min(available, READ_BYTES));
          }
          const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
          offset += bytesRead;
          const lines = splitter.push(buffer.subarray(0, bytesRead));
          if (lines.length > 0 && !isStopped()) yield { lines, nextOffset: offset - splitter.pendingBytes };
          continue;
        }
        if (wasEnded) {
          const last = splitter.finish();
          if (last !== null) yield { lines: [last], nextOffset: offset };
          return;
        }
        // A quiet agent shall cost no buffer.
        buffer = null;
        await wakeup.wait(watch.isLive ? WATCHED_POLL_MS : UNWATCHED_POLL_MS);
      }
    } catch (error) {
      if (error instanceof DriverError) throw error;
      throw new DriverError("journal_failed", `${this.#path} could not be read.`, { cause: error });
    } finally {
      unwatch();
      for (const signal of [ended, ...stops]) signal.removeEventListener("abort", wakeup.ring);
      await file?.close();
    }
  }

  discard(before: number): void {
    this.#punch.discard(before);
  }

  async unread(from: number): Promise<number> {
    try {
      return Math.max(0, (await stat(this.#path)).size - from);
    } catch (error) {
      throw new DriverError("journal_failed", `${this.#path} could not be read.`, { cause: error });
    }
  }
}
