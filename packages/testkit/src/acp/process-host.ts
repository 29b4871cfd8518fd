import type { JsonRpcId } from "@agentclientprotocol/sdk";
import type { Sessions } from "../sessions/sessions.js";
import type { Host } from "../turn/host.js";

/** Ends, stops and keeps alive the process of the agent. */
export class ProcessHost implements Host {
  readonly #sessions: Sessions;
  readonly #exits = new Map<JsonRpcId, number>();
  #outlivesInput = false;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  writeRaw(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
  }

  exitAfterAnswer(requestId: JsonRpcId, code: number): void {
    this.#exits.set(requestId, code);
  }

  /** An answer was written. */
  answered(requestId: JsonRpcId): void {
    const code = this.#exits.get(requestId);
    if (code !== undefined) this.exit(code);
  }

  exit(code: number): never {
    this.#sessions.saveAll();
    process.exit(code);
  }

  block(): void {
    this.#sessions.saveAll();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  kill(signal: NodeJS.Signals): void {
    this.#sessions.saveAll();
    process.kill(process.pid, signal);
  }

  ignoreEndOfInput(): void {
    this.#outlivesInput = true;
  }

  /** Ends the process because its input ended, unless it was told to survive that. */
  inputEnded(): void {
    if (!this.#outlivesInput) this.exit(0);
    process.stderr.write("the input has ended; staying, as asked\n");
    // Nothing else would keep the process alive now.
    setInterval(() => undefined, 2 ** 30);
  }
}
