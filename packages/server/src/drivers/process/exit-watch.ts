import type { ProcessExit, ProcessHandle } from "../driver.js";
import { readStatus } from "./folder.js";
import type { FolderWatch } from "./folder-watch.js";
import { isLive, signalPid } from "./identity.js";
import type { ProcessTable } from "./table.js";

const POLL_MS = 1000;
/** A pid that answers may be someone else's by now; that is looked up more rarely. */
const IDENTITY_EVERY = 10;

export interface ExitWatchOptions {
  table: ProcessTable;
  handle: ProcessHandle;
  watch: FolderWatch;
  /** Called once, unless the watch was ended before. */
  onExit: (exit: ProcessExit) => void;
}

/** Waits for the end of a process that is not our child: by its status file, else by looking for it. */
export function watchExit({ table, handle, watch, onExit }: ExitWatchOptions): () => void {
  let polls = 0;
  const end = () => {
    unwatch();
    clearInterval(timer);
  };
  const settle = (exit: ProcessExit) => {
    end();
    onExit(exit);
  };
  const lookForStatus = () => {
    const exit = readStatus(handle.dir);
    if (exit !== null) settle(exit);
    return exit !== null;
  };
  const unwatch = watch.on("status", lookForStatus);
  const timer = setInterval(() => {
    if (!watch.isLive && lookForStatus()) return;
    const answers = signalPid(handle.pid, 0);
    if (answers && ++polls % IDENTITY_EVERY !== 0) return;
    // It can have written its status between the two looks.
    if (!isLive(table, handle)) settle(endOf(handle));
  }, POLL_MS);
  return end;
}

/** What is known of a process that is no more. */
export function endOf(handle: ProcessHandle): ProcessExit {
  return readStatus(handle.dir) ?? { status: null, at: null };
}
