import {
  AddressFormatError,
  AddressInUseError,
  chooseSocketPath,
  createStratavore,
  StoreError,
} from "@stratavore/server";
import { createDaemonLog } from "./log.js";
import type { DaemonOptions } from "./options.js";
import type { StartReport } from "./report.js";

/**
 * Runs a daemon in this process until SIGTERM or SIGINT; a second signal ends it at once, and agents live on either way.
 * `report` hears how the start went.
 *
 * @returns the exit code, when it has ended
 */
export async function serveDaemon(
  options: DaemonOptions,
  report: (outcome: StartReport) => void,
): Promise<number> {
  const log = createDaemonLog();
  const { notify = [] } = options;
  process.on("uncaughtExceptionMonitor", (error) => log.fatal({ err: error }, "an unexpected error"));
  // From the first moment: a signal during the start must end it as orderly as one after it.
  const stopped = firstSignal();
  try {
    const server = await createStratavore({
      dataDir: options.dataDir,
      defaultAgent: options.defaultAgent,
      allowedRoots: options.allowRoot,
      ...(notify.length > 0 && { notify: { command: notify } }),
      log,
    });
    try {
      const socket = `unix:${chooseSocketPath(server.dataDir!).path}`;
      const wanted = options.listen.length === 0 ? undefined : [...options.listen, socket];
      const listening = await server.listen(wanted);
      log.info({ dataDir: server.dataDir, ...listening }, "ready");
      report({ ready: true, ...listening });
      const signal = await stopped;
      log.info({ signal }, "stopping; agents live on");
    } finally {
      await server.close();
    }
    log.info({}, "stopped");
    return 0;
  } catch (error) {
    log.fatal({ err: error }, "the daemon could not start");
    report(failureOf(error));
    return 1;
  }
}

/** The first signal that asks to stop; the one after it ends the process where it is. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(exitCodes[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}

function failureOf(error: unknown): StartReport {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof AddressInUseError) {
    const { address } = error;
    const text = address.kind === "tcp" ? `${address.host}:${address.port}` : `unix:${address.path}`;
    return { ready: false, problem: "in_use", message, address: text };
  }
  if (error instanceof AddressFormatError) return { ready: false, problem: "usage", message };
  const locked = error instanceof StoreError && error.kind === "locked";
  return { ready: false, problem: locked ? "locked" : "other", message };
}
