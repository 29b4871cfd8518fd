import { closeSync, constants, existsSync, openSync, unlinkSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { DriverError, errnoOf } from "../driver-error.js";
import { fileIn } from "./folder.js";
import { Wakeup } from "./wakeup.js";

const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

interface Pending {
  data: Uint8Array;
  resolve: () => void;
  reject: (error: DriverError) => void;
}

/**
 * The daemon's end of the input FIFO: a queue in front of a non-blocking socket, so that an agent which does not
 * read holds up nothing else.
 */
export class Input {
  readonly #dir: string;
  readonly #ended: AbortSignal;
  readonly #queue: Pending[] = [];
  #queuedBytes = 0;
  #socket: Socket | null = null;
  #isPumping = false;
  #closed: DriverError | null = null;
  readonly #wakeup = new Wakeup();

  /** `ended`: aborted once the process has ended. */
  constructor(dir: string, hasInput: boolean, ended: AbortSignal) {
    this.#dir = dir;
    this.#ended = ended;
    if (!hasInput) this.#closed = new DriverError("input_closed", "The agent was started without input.");
    const onEnd = () => this.close(new DriverError("input_closed", "The agent has ended."));
    if (ended.aborted) onEnd();
    else ended.addEventListener("abort", onEnd, { once: true });
  }

  write(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (signal?.aborted) return Promise.reject(aborted(signal));
    if (this.#queue.length > 0 && this.#queuedBytes + data.length > MAX_QUEUED_BYTES) {
      return Promise.reject(
        new DriverError("input_full", "The agent does not read: its input queue is full."),
      );
    }
    return new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        const place = this.#queue.indexOf(pending);
        // The first one may be half in the FIFO: it goes on, only its caller stops waiting.
        if (place > 0 || (place === 0 && this.#socket === null)) {
          this.#queue.splice(place, 1);
          this.#queuedBytes -= data.length;
        }
        reject(aborted(signal));
      };
      const pending: Pending = {
        data,
        resolve: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(pending);
      this.#queuedBytes += data.length;
      void this.#pump();
    });
  }

  /** End of input after what is queued. */
  async end(): Promise<void> {
    if (this.#closed !== null) return;
    try {
      // A zero-length write is done when all before it is, and when the agent has its end open.
      await this.write(new Uint8Array(0));
    } catch {
      return;
    }
    this.endNow();
  }

  /** End of input as soon as the agent has read what is in the FIFO; what waits here is rejected. */
  endNow(): void {
    if (this.#closed !== null) return;
    const isOpen = this.#socket !== null || this.#tryOpen() === "open";
    this.close(new DriverError("input_closed", "The input has been ended."));
    if (isOpen) releaseHolder(this.#dir);
  }

  /** Rejects what waits and closes our end; the holder's stays open, so the agent sees no end of input. */
  close(reason: DriverError): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#socket?.destroy();
    this.#socket = null;
    this.#wakeup.ring();
    for (const pending of this.#queue.splice(0)) pending.reject(reason);
    this.#queuedBytes = 0;
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    await this.#open();
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const { data, resolve } = head;
      const error = await this.#send(data);
      if (this.#closed !== null) return;
      if (error)
        return this.close(
          new DriverError("input_closed", "The agent has closed its input.", { cause: error }),
        );
      this.#queue.shift();
      this.#queuedBytes -= data.length;
      resolve();
    }
    this.#isPumping = false;
  }

  #send(data: Uint8Array): Promise<Error | null | undefined> {
    const socket = this.#socket;
    if (socket === null || data.length === 0) return Promise.resolve(null);
    return new Promise((resolve) => socket.write(data, resolve));
  }

  async #open(): Promise<void> {
    for (let wait = 1; this.#socket === null && this.#closed === null; wait = Math.min(wait * 2, 50)) {
      // Its stdin is open before it has started, however long that takes: who has it not open after that has closed it.
      const hadStarted = existsSync(fileIn(this.#dir, "started"));
      const outcome = this.#tryOpen();
      if (outcome === "open") return;
      if (outcome === "gone" || hadStarted || this.#ended.aborted) {
        return this.close(new DriverError("input_closed", "The agent has closed its input."));
      }
      await this.#wakeup.wait(wait);
    }
  }

  #tryOpen(): "open" | "wait" | "gone" {
    // Asked before the try: the FIFO is made before its holder is noted, so one that is missing then has been removed.
    const wasMade = existsSync(fileIn(this.#dir, "holder"));
    try {
      const fd = openSync(fileIn(this.#dir, "input"), constants.O_WRONLY | constants.O_NONBLOCK);
      this.#socket = new Socket({ fd, readable: false, writable: true });
      this.#socket.on("error", (cause) =>
        this.close(new DriverError("input_closed", "The agent has closed its input.", { cause })),
      );
      return "open";
    } catch (error) {
      // ENXIO: nobody has opened it for reading yet. ENOENT: not made yet, or removed when the input was ended.
      const isEnded = errnoOf(error) === "ENOENT" && wasMade;
      return isEnded || !["ENXIO", "ENOENT"].includes(errnoOf(error) ?? "") ? "gone" : "wait";
    }
  }
}

/** The name goes too: that is how a later daemon knows that the input has ended. */
function releaseHolder(dir: string): void {
  try {
    unlinkSync(fileIn(dir, "input"));
    const fd = openSync(fileIn(dir, "hold"), constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fd, "\n");
    } finally {
      closeSync(fd);
    }
  } catch {
    // Without a wrapper there is no holder left to release.
  }
}

function aborted(signal: AbortSignal | undefined): DriverError {
  return new DriverError("aborted", "The write was aborted.", { cause: signal?.reason });
}
