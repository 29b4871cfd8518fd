import { type FSWatcher, watch } from "node:fs";

/** Tells when files of one folder change: one inotify watch for all of them, held while anyone listens. */
export class FolderWatch {
  readonly #dir: string;
  readonly #listeners = new Map<string, Set<() => void>>();
  #watcher: FSWatcher | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** false: the system has no watch left to give, and who listens must look for themselves. */
  get isLive(): boolean {
    return this.#watcher !== null;
  }

  /** Returns what ends the listening. */
  on(file: string, listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#open();
    const listeners = this.#listeners.get(file) ?? new Set();
    this.#listeners.set(file, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(file) === listeners) this.#listeners.delete(file);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  #open(): void {
    try {
      this.#watcher = watch(this.#dir, (_, file) => this.#tell(file));
      this.#watcher.on("error", () => {
        this.#close();
        this.#tell(null);
      });
    } catch {
      this.#watcher = null;
    }
  }

  #close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  #tell(file: string | null): void {
    for (const [name, listeners] of this.#listeners) {
      if (file === null || file === name) for (const listener of listeners) listener();
    }
  }
}
