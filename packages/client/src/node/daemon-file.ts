import { join } from "node:path";
import { damaged, readOwnedJson } from "./owned-file.js";

/** What a running daemon writes into its data directory about where it listens. */
export interface DaemonFile {
  readonly addresses: readonly string[];
  readonly socket: string | undefined;
}

/**
 * Reads `daemon.json`; undefined if there is none.
 *
 * @throws ConnectError UNAVAILABLE when it is damaged or half written
 */
export async function readDaemonFile(dataDir: string): Promise<DaemonFile | undefined> {
  const path = join(dataDir, "daemon.json");
  const content = await readOwnedJson(path);
  if (content === undefined) return undefined;
  const { addresses, socket } = content;
  const valid = Array.isArray(addresses) && addresses.every((address) => typeof address === "string");
  if (!valid || (typeof socket !== "string" && (socket ?? null) !== null)) throw damaged(path);
  return { addresses, socket: (socket as string | null) || undefined };
}
