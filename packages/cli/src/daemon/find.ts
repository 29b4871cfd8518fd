import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defaultDataDir, endpointsFolder } from "@stratavore/server";
import type { GlobalOptions } from "../session.js";

const defaultPort = 50051;

/** What a running daemon says of itself in its data directory. */
export interface DaemonRecord {
  readonly pid: number;
  readonly addresses: readonly string[];
  readonly socket: string | null;
  readonly startedAt: string;
}

/** What the daemon on a data directory says of itself; undefined if none does. It may have died since. */
export async function daemonRecord(dataDir: string): Promise<DaemonRecord | undefined> {
  const record = (await readJson(join(dataDir, "daemon.json"))) as Partial<DaemonRecord> | undefined;
  return typeof record?.pid === "number" && Array.isArray(record.addresses)
    ? (record as DaemonRecord)
    : undefined;
}

/** The data directory of the daemon that listens on a port of this machine, as far as it told. */
export async function dataDirOfPort(port: number | string): Promise<string | undefined> {
  const entry = (await readJson(join(endpointsFolder(process.env), `${port}.json`))) as
    | { dataDir?: unknown }
    | undefined;
  return typeof entry?.dataDir === "string" ? entry.dataDir : undefined;
}

/**
 * The data directory of the daemon that commands speak to: the one that is named, else that of the address, else the
 * default one, unless no daemon is there and one is on the default port.
 */
export async function daemonDataDir({ address, dataDir }: GlobalOptions): Promise<string> {
  if (dataDir !== undefined) return resolve(dataDir);
  const named = address ?? (process.env.STRATAVORE_ADDRESS || undefined);
  const port = named === undefined ? undefined : (/:(\d+)$/.exec(named)?.[1] ?? defaultPort);
  if (port !== undefined) return (await dataDirOfPort(port)) ?? defaultDataDir(process.env);
  const usual = defaultDataDir(process.env);
  if (process.env.STRATAVORE_DATA_DIR || (await daemonRecord(usual)) !== undefined) return usual;
  return (await dataDirOfPort(defaultPort)) ?? usual;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
