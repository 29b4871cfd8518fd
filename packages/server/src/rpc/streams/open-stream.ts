import type { Services } from "../services.js";

/**
 * A stream that ends with its caller or with the server, also while nobody reads it: a generator that sleeps at a `yield`
 * learns of nothing by itself.
 *
 * @param make the stream; its signal aborts when it has to end, with what its caller is told as the reason
 */
export function openStream<T>(
  { closing, openStreams }: Pick<Services, "closing" | "openStreams">,
  caller: AbortSignal,
  make: (ending: AbortSignal) => AsyncGenerator<T, void>,
): AsyncIterableIterator<T> {
  const ending = AbortSignal.any([caller, closing]);
  const stream = make(ending);
  let isOpen = true;
  const over = () => {
    if (!isOpen) return;
    isOpen = false;
    openStreams.count--;
    ending.removeEventListener("abort", abandon);
  };
  const abandon = () => {
    over();
    // It may be waiting, which the signal has ended too, with the same reason.
    void stream.return().catch(() => {});
  };
  openStreams.count++;
  if (ending.aborted) abandon();
  else ending.addEventListener("abort", abandon, { once: true });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        ending.throwIfAborted();
        const result = await stream.next();
        if (result.done) over();
        return result;
      } catch (error) {
        over();
        throw error;
      }
    },
    async return() {
      over();
      return await stream.return();
    },
    // Adapters say so when their client has left in the middle of an answer.
    async throw(error) {
      over();
      return await stream.throw(error);
    },
  };
}
