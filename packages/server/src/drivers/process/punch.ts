import { spawn } from "node:child_process";

const BLOCK = 4096;

/** Gives the blocks at the head of a file back to the file system, in steps large enough to be cheap. */
export class HolePunch {
  static #unavailable = false;
  readonly #path: string;
  readonly #stepBytes: number;
  #punched = 0;
  #wanted = 0;
  #running = false;

  /** `stepBytes`: what must have gathered before a hole is made. */
  constructor(path: string, stepBytes: number) {
    this.#path = path;
    this.#stepBytes = stepBytes;
  }

  discard(before: number): void {
    this.#wanted = Math.max(this.#wanted, before - (before % BLOCK));
    this.#advance();
  }

  #advance(): void {
    const length = this.#wanted - this.#punched;
    if (HolePunch.#unavailable || this.#running || length < Math.max(this.#stepBytes, BLOCK)) return;
    this.#running = true;
    const child = spawn(
      "fallocate",
      ["--punch-hole", "--offset", String(this.#punched), "--length", String(length), this.#path],
      { stdio: "ignore" },
    );
    child.unref();
    child.once("error", () => {
      HolePunch.#unavailable = true;
    });
    child.once("exit", (code) => {
      this.#running = false;
      // Also after a failure, as of a file system without holes: trying the same bytes again would not help.
      this.#punched += length;
      if (code === 0) this.#advance();
    });
  }
}
