/** A bell for one waiter: a ring while nobody waits is remembered, so that none is lost between look and wait. */
export class Wakeup {
  #rung = false;
  #resolve: (() => void) | null = null;

  readonly ring = (): void => {
    this.#rung = true;
    this.#resolve?.();
  };

  /** Resolves at the next ring, at once if there was one since the last wait, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#resolve = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#resolve = null;
    }
    this.#rung = false;
  }
}
