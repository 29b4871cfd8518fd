import type { JsonRpcId } from "@agentclientprotocol/sdk";

/** What a turn may do to the process it runs in. */
export interface Host {
  /** Writes bytes on standard output between two messages; resolves once they are written. */
  writeRaw(bytes: string | Uint8Array): Promise<void>;
  /** Ends the process after the answer to this request is written. */
  exitAfterAnswer(requestId: JsonRpcId, code: number): void;
  /** Stores the sessions and ends the process. */
  exit(code: number): never;
  /** Stores the sessions and stops the process where it stands, alive. */
  block(): void;
  /** Stores the sessions and ends the process by a signal. */
  kill(signal: NodeJS.Signals): void;
  /** From here on the process survives the end of its input. */
  ignoreEndOfInput(): void;
}
