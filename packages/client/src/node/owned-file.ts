import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Code, ConnectError } from "@connectrpc/connect";

const maxBytes = 64 * 1024;

/**
 * Reads a file that says where a daemon is or proves who calls it; undefined if there is none.
 *
 * @param secret whether others may not even read it
 * @throws ConnectError FAILED_PRECONDITION when it is not safe to believe: another user's, a link, or a secret that
 * others can open
 */
export async function readOwnedFile(path: string, secret: boolean): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // O_NONBLOCK: a FIFO in its place must not hang the caller.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw refused(path, code === "ELOOP" ? "it is a symbolic link" : `it cannot be read (${code})`);
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw refused(path, "it is no regular file");
    if (process.geteuid && status.uid !== process.geteuid()) {
      throw refused(path, `it belongs to another user (uid ${status.uid})`);
    }
    if (process.geteuid && secret && (status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, "0");
      throw refused(path, `others can open it (mode ${mode}); chmod 600 it and start the daemon again`);
    }
    if (status.size > maxBytes) throw refused(path, "it is too large");
    return (await file.readFile("utf8")).trim();
  } finally {
    await file.close();
  }
}

/**
 * Reads such a file that holds a JSON object; undefined if there is none.
 *
 * @throws ConnectError UNAVAILABLE when it is damaged or half written
 */
export async function readOwnedJson(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readOwnedFile(path, false);
  if (text === undefined) return undefined;
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null) return content as Record<string, unknown>;
  } catch {}
  throw damaged(path);
}

export function damaged(path: string): ConnectError {
  return new ConnectError(`${path} is not used: it is damaged`, Code.Unavailable);
}

function refused(path: string, problem: string): ConnectError {
  return new ConnectError(`${path} is not used: ${problem}`, Code.FailedPrecondition);
}
