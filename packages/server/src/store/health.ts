import { StoreError } from "./errors.js";

/** How the store is. */
export interface StoreHealth {
  /**
   * - `sound`: nothing is known to be wrong
   * - `checking`: the last stop was not clean, and a background process looks through the file
   * - `unchecked`: that look could not be taken
   * - `damaged`: the file is damaged; `problems` says where
   */
  readonly file: "sound" | "checking" | "unchecked" | "damaged";
  readonly problems: readonly string[];
  /** Why the last write failed; undefined once one succeeds. */
  readonly writeError: StoreError | undefined;
}

/** Gathers what the store's parts learn about its state. */
export class HealthRecord {
  #file: StoreHealth["file"] = "sound";
  #problems: string[] = [];
  #writeError: StoreError | undefined;
  readonly #changed: () => void;

  /** `changed` is called when the store gets worse or better. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get current(): StoreHealth {
    return { file: this.#file, problems: [...this.#problems], writeError: this.#writeError };
  }

  checking(): void {
    if (this.#file === "sound") this.#file = "checking";
  }

  checked(problems: readonly string[] | null): void {
    for (const problem of problems ?? []) this.#damage(problem);
    if (this.#file === "checking") this.#file = problems === null ? "unchecked" : "sound";
    this.#changed();
  }

  /** A commit with something in it succeeded: an empty one succeeds on a full disk too. */
  written(): void {
    if (this.#writeError === undefined) return;
    this.#writeError = undefined;
    this.#changed();
  }

  writeFailed(error: unknown): void {
    this.failed(error);
    if (!(error instanceof StoreError) || error.kind === "constraint") return;
    const isNews = this.#writeError?.kind !== error.kind;
    this.#writeError = error;
    if (isNews) this.#changed();
  }

  /** Looks at an error for signs of damage. */
  failed(error: unknown): void {
    if (error instanceof StoreError && error.kind === "data_loss") this.#damage(error.message);
  }

  #damage(problem: string): void {
    this.#file = "damaged";
    if (this.#problems.includes(problem)) return;
    this.#problems.push(problem);
    this.#changed();
  }
}
