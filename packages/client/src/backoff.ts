const firstDelayMs = 100;

/**
 * Milliseconds to wait before the repeat with this number, from 1: doubling from 100 up to `maxDelayMs`, of which a
 * random half is taken off so that many clients do not come back at once.
 */
export function backoffMs(repeat: number, maxDelayMs: number): number {
  const full = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(repeat - 1, 30));
  return full * (0.5 + Math.random() / 2);
}

/** Waits, or returns early when one of the signals is aborted. */
export function pause(ms: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const watched = signals.filter((signal) => signal !== undefined);
    const end = () => {
      clearTimeout(timer);
      for (const signal of watched) signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of watched) signal.addEventListener("abort", end);
    if (watched.some((signal) => signal.aborted)) end();
  });
}
