import { createHash } from "node:crypto";
import type { ModelRequest } from "../request.js";
import type { Prompt } from "./prompt.js";

/** Most states of conversations whose attempts are remembered. */
const capacity = 1000;

/** Counts how often a conversation was sent in the same state, as clients do that try again. */
export class Attempts {
  readonly #seen = new Map<string, number>();

  /** The state of a conversation: what the user said in it, and how far the last prompt has come. */
  stateOf({ api }: ModelRequest, key: string, { said, toolResults }: Prompt): string {
    return createHash("sha256")
      .update(JSON.stringify([api, key, said, toolResults]))
      .digest("base64");
  }

  /** How often the state came before; 0 for the first time. */
  count(state: string): number {
    return this.#seen.get(state) ?? 0;
  }

  add(state: string): void {
    const before = this.count(state);
    this.#seen.delete(state);
    this.#seen.set(state, before + 1);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > capacity && !oldest.done) this.#seen.delete(oldest.value);
  }

  /** The state was answered: the same script fails anew in another conversation. */
  forget(state: string): void {
    this.#seen.delete(state);
  }
}
