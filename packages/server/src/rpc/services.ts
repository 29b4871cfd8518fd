import type { Store } from "../store/index.js";
import type { Log } from "../supervise/log.js";
import type { Reconciler } from "../supervise/reconcile/reconciler.js";
import type { UsageSampler } from "../supervise/sampler.js";
import type { Supervisor } from "../supervise/supervisor.js";
import type { Stalls } from "./components/stalls.js";
import type { CallCounts } from "./interceptors/errors.js";
import type { KeptLines } from "./logs/kept-lines.js";
import type { SharedCalls } from "./shared-calls.js";

/** What the services are made of. */
export interface Services {
  store: Store;
  supervisor: Supervisor;
  reconciler: Reconciler;
  sampler: UsageSampler;
  log: Log;
  /** What was logged last. */
  logLines: KeptLines;
  counts: CallCounts;
  /** Directories in which projects may be; empty: anywhere. */
  allowedRoots: readonly string[];
  /** A transcript that is asked for without pages may not be larger. */
  maxTranscriptBytes: number;
  startedAt: number;
  /** Addresses that are open now. */
  addresses: () => readonly string[];
  /** Of those, the ones that do not accept connections any more. */
  lostAddresses: () => readonly string[];
  /** How the event loop stood still of late. */
  stalls: Stalls;
  /** Aborts when the server closes: streams end with it. */
  closing: AbortSignal;
  openStreams: { count: number };
  /** Sessions that are being resumed on runners. */
  resumes: SharedCalls;
  /** Folder of the data directory, or null in memory. */
  dataDir: string | null;
}
