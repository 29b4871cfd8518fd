import { join } from "node:path";
import type { Endpoint } from "./address.js";
import { damaged, readOwnedFile, readOwnedJson } from "./owned-file.js";
import { endpointFile } from "./places.js";

/** A token, or what gives one before each call. */
export type Token = string | (() => string | Promise<string>);

/** Where a token may come from. */
export interface CredentialSources {
  readonly token?: Token;
  /** The daemon's data directory, if it is known. */
  readonly dataDir?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the token for an endpoint; undefined if there is none. One that was given goes to any host; one that was found
 * in a file goes only to this machine over TCP, for the unix socket needs none.
 *
 * @throws ConnectError FAILED_PRECONDITION when a credential file is not safe to use
 */
export async function findCredential(
  endpoint: Endpoint,
  { token, dataDir, env }: CredentialSources,
): Promise<Token | undefined> {
  const given = token ?? (env.STRATAVORE_TOKEN?.trim() || undefined);
  if (given !== undefined) return given;
  if (endpoint.kind === "unix" || !endpoint.loopback) return undefined;
  return (
    (dataDir === undefined ? undefined : await readCredential(dataDir)) ??
    (await registeredCredential(env, endpoint.port))
  );
}

async function readCredential(dataDir: string): Promise<string | undefined> {
  const path = join(dataDir, "credential");
  const credential = await readOwnedFile(path, true);
  if (credential !== undefined && !/^[\x21-\x7e]+$/.test(credential)) {
    throw damaged(path);
  }
  return credential;
}

async function registeredCredential(
  env: CredentialSources["env"],
  port: number,
): Promise<string | undefined> {
  const path = endpointFile(env, port);
  const entry = await readOwnedJson(path);
  if (entry === undefined) return undefined;
  if (typeof entry.dataDir !== "string") throw damaged(path);
  return readCredential(entry.dataDir);
}
