import { createHash } from "node:crypto";
import type { ModelRequest } from "../request.js";

/** Most conversations whose attempts are remembered. */
const capacity = 1000;

/** Counts how often the same conversation was sent in the same state, as clients do that try again. */
export class Attempts {
  readonly #seen = new Map<string, number>();

  /** How often it came before; 0 for the first time. */
  next(request: ModelRequest, key: string): number {
    const hash = createHash("sha256")
      .update(JSON.stringify([request.api, key, request.messages]))
      .digest("base64");
    const before = this.#seen.get(hash) ?? 0;
    this.#seen.delete(hash);
    this.#seen.set(hash, before + 1);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > capacity && !oldest.done) this.#seen.delete(oldest.value);
    return before;
  }
}
