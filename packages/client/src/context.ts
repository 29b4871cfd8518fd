import type { Transport } from "@connectrpc/connect";

/** Hears what a request asked for and was not done as asked, one sentence at a time. */
export type WarningListener = (warning: string) => void;

/** What all parts of one client share. */
export interface ClientContext {
  /** Repeats calls that can be repeated; see `resilientTransport`. */
  readonly transport: Transport;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  readonly onWarning: WarningListener;
}
