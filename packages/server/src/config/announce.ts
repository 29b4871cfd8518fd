import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running daemon says of itself in `daemon.json` of its data directory. */
export interface Announcement {
  pid: number;
  version: string;
  /** Open TCP addresses, `host:port`. */
  addresses: string[];
  /** Path of the unix socket; null without one. */
  socket: string | null;
  startedAt: string;
}

const daemonFile = (dataDir: string) => join(dataDir, "daemon.json");

async function replaceFile(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

const portsOf = (addresses: readonly string[]) => [
  ...new Set(addresses.map((address) => address.slice(address.lastIndexOf(":") + 1))),
];

/** Writes where the daemon is, and for each port whose data directory it serves, so that clients find both. */
export async function announce(
  dataDir: string,
  endpoints: string,
  announcement: Announcement,
): Promise<void> {
  await replaceFile(daemonFile(dataDir), announcement);
  if (announcement.addresses.length === 0) return;
  await mkdir(endpoints, { recursive: true, mode: 0o700 });
  for (const port of portsOf(announcement.addresses)) {
    await replaceFile(join(endpoints, `${port}.json`), { dataDir });
  }
}

/** Takes back what `announce` wrote, unless another daemon has written there since. */
export async function withdraw(
  dataDir: string,
  endpoints: string,
  announcement: Announcement,
): Promise<void> {
  await rm(daemonFile(dataDir), { force: true });
  for (const port of portsOf(announcement.addresses)) {
    const file = join(endpoints, `${port}.json`);
    if ((await servedDataDir(file)) === dataDir) await rm(file, { force: true });
  }
}

/** Undefined also for a file that says something else. */
async function servedDataDir(file: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(file, "utf8")) as { dataDir?: string }).dataDir;
  } catch {
    return undefined;
  }
}
