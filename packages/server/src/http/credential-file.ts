import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./listen-errors.js";

/** The name of the credential in the data directory. */
export const credentialFileName = "credential";

/** The local credential: who can read its file may call the server. */
export interface LocalCredential {
  readonly token: string;
  readonly path: string;
  /** Why a file that was there before was not used; it has been replaced, so the old token is worth nothing. */
  readonly replaced?: string;
}

/** Raised when the credential file is missing, is not safe to use, or does not belong to this user. */
export class CredentialFileError extends Error {
  override readonly name = "CredentialFileError";
  readonly path: string;
  /** Whether the server may put a new file in its place. */
  readonly replaceable: boolean;

  constructor(path: string, problem: string, replaceable: boolean, cause?: unknown) {
    super(`the local credential ${path} ${problem}`, { cause });
    this.path = path;
    this.replaceable = replaceable;
  }
}

/**
 * Reads the local credential as a client does.
 *
 * @throws CredentialFileError when it is missing, readable by others, of another owner, a link, or damaged
 */
export async function readLocalCredential(dataDir: string): Promise<LocalCredential> {
  const path = join(dataDir, credentialFileName);
  let file: FileHandle;
  try {
    // O_NONBLOCK: a FIFO in its place must not hang the start.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const missing = errorCode(cause) === "ENOENT";
    const problem = missing
      ? "does not exist; the server makes it when it starts"
      : errorCode(cause) === "ELOOP"
        ? "is a symbolic link; remove it and start the server again"
        : `cannot be read (${errorCode(cause)})`;
    throw new CredentialFileError(path, problem, missing, cause);
  }
  try {
    return { token: await readChecked(file, path), path };
  } finally {
    await file.close();
  }
}

/**
 * Reads the local credential as the server does at its start, and makes it (256 random bits, mode 0600) where there
 * is none. One that others could read, or that is damaged, is replaced.
 *
 * @throws CredentialFileError when what is there is a link, no regular file, or another user's
 */
export async function ensureLocalCredential(dataDir: string): Promise<LocalCredential> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    return await readLocalCredential(dataDir);
  } catch (error) {
    if (!(error instanceof CredentialFileError) || !error.replaceable) throw error;
    const missing = errorCode(error.cause) === "ENOENT";
    const path = error.path;
    if (!(await publish(dataDir, path, missing))) return readLocalCredential(dataDir);
    const made = await readLocalCredential(dataDir);
    return missing ? made : { ...made, replaced: error.message };
  }
}

async function readChecked(file: FileHandle, path: string): Promise<string> {
  const status = await file.stat();
  if (!status.isFile()) throw new CredentialFileError(path, "is not a regular file; remove it", false);
  if (status.uid !== process.geteuid?.()) {
    throw new CredentialFileError(
      path,
      `belongs to another user (uid ${status.uid}); use a data directory of your own`,
      false,
    );
  }
  if ((status.mode & 0o077) !== 0) {
    const mode = (status.mode & 0o777).toString(8).padStart(4, "0");
    throw new CredentialFileError(
      path,
      `can be opened by others (mode ${mode}); the server replaces it when it starts`,
      true,
    );
  }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4097), 0, 4097, 0);
  const token = buffer.toString("latin1", 0, bytesRead).trim();
  if (!/^[A-Za-z0-9._~+/=-]{32,4096}$/.test(token)) {
    throw new CredentialFileError(path, "is damaged; the server replaces it when it starts", true);
  }
  return token;
}

/** Writes a new token under its final name in one step; false when `fresh` and another server was first. */
async function publish(dataDir: string, path: string, fresh: boolean): Promise<boolean> {
  const temporary = join(dataDir, `.${credentialFileName}-${randomBytes(8).toString("hex")}`);
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      // An exotic umask can only have taken bits away.
      await file.chmod(0o600);
      await file.writeFile(`stv_${randomBytes(32).toString("base64url")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    if (fresh) await link(temporary, path);
    else await rename(temporary, path);
    await syncFolder(dataDir);
    return true;
  } catch (error) {
    if (fresh && errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
