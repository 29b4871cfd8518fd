import { randomBytes } from "node:crypto";

/** Searches that are remembered, with at most some 100 KB each. */
const MAX_WALKS = 32;

/** A place in a search: what a page ended with. */
export interface Place {
  readonly id: number;
  readonly score: number;
}

/**
 * The order of searches whose pages are being read. A rank depends on all messages there are, so that without this what is
 * said between two pages could move a message from one to the other.
 */
export class SearchWalks {
  readonly #walks = new Map<string, { what: string; places: readonly Place[] }>();

  /** Remembers the order of what a search found, and gives the name to find it by. The oldest one is forgotten. */
  keep(what: string, places: readonly Place[]): string {
    const name = randomBytes(9).toString("base64url");
    this.#walks.set(name, { what, places });
    for (const oldest of this.#walks.keys()) {
      if (this.#walks.size <= MAX_WALKS) break;
      this.#walks.delete(oldest);
    }
    return name;
  }

  /** What comes after a message; undefined if this search is not remembered. */
  after(name: string, what: string, id: number): readonly Place[] | undefined {
    const walk = this.#walks.get(name);
    if (walk === undefined || walk.what !== what) return undefined;
    const at = walk.places.findIndex((place) => place.id === id);
    if (at < 0) return undefined;
    // Used last: to be forgotten last.
    this.#walks.delete(name);
    this.#walks.set(name, walk);
    return walk.places.slice(at + 1);
  }
}
