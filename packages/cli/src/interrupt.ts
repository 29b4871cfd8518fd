import { exitCodes } from "./exit-codes.js";

/** Aborted by the first Ctrl-C or SIGTERM, so that a command can end in order; a second one ends it where it is. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
