import type { Output } from "./output.js";

/**
 * Where a watch has to begin that is to miss nothing of a list. Asked for before the list's pages, and only for programs:
 * people are not shown it.
 */
export async function asOf(out: Output, list: () => Promise<{ asOfEventId: string }>): Promise<string> {
  return out.json ? (await list()).asOfEventId : "";
}
