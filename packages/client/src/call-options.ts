/** What every call takes beside its request. */
export interface CallOptions {
  /** Ends the call; it then fails with CANCELLED. */
  signal?: AbortSignal;
  /** Milliseconds for the whole call, repeats included; then DEADLINE_EXCEEDED. Default: no limit. */
  timeoutMs?: number;
  /** Further request headers. */
  headers?: Headers | Record<string, string> | [string, string][];
}
