import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ListenError } from "./listen-errors.js";

/** The longest path of a unix socket, in bytes: macOS allows 103 and Linux 107, with some room to bind beside it. */
export const maxSocketPathBytes = 100;

/** Where the unix socket of a data directory is. */
export interface SocketPlace {
  readonly path: string;
  /** Whether it lies in a folder of ours outside the data directory, which `prepareSocketFolder` makes. */
  readonly ownFolder: boolean;
}

/** The environment that the choice depends on; by default that of this process. */
export interface SocketSurroundings {
  /** `$XDG_RUNTIME_DIR`, a folder for this user alone. */
  readonly runtimeDir?: string | undefined;
  /** A folder that others may write to. */
  readonly tmpDir?: string;
  readonly uid?: number;
}

/**
 * Chooses the path of the unix socket: in the data directory, or where that makes it too long, in
 * `$XDG_RUNTIME_DIR`, or else in a private folder for temporary files. The same data directory always gives the same
 * path, so that clients find it without asking.
 */
export function chooseSocketPath(dataDir: string, surroundings: SocketSurroundings = {}): SocketPlace {
  const {
    runtimeDir = process.env.XDG_RUNTIME_DIR,
    tmpDir = tmpdir(),
    uid = process.getuid?.() ?? 0,
  } = surroundings;
  const direct = join(resolve(dataDir), "stratavore.sock");
  if (fits(direct)) return { path: direct, ownFolder: false };
  const name = `${createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16)}.sock`;
  if (runtimeDir) {
    const path = join(runtimeDir, "stratavore", name);
    if (fits(path)) return { path, ownFolder: true };
  }
  return { path: join(tmpDir, `stratavore-${uid}`, name), ownFolder: true };
}

/**
 * Makes the folder of a chosen path, mode 0700, and refuses one that somebody else put there first.
 *
 * @throws ListenError
 */
export async function prepareSocketFolder(place: SocketPlace): Promise<void> {
  if (!place.ownFolder) return;
  const folder = dirname(place.path);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST")
      throw new ListenError({ kind: "unix", path: place.path }, error.message, error);
  });
  const status = await lstat(folder);
  if (!status.isDirectory() || status.uid !== process.getuid?.()) {
    const problem = `the folder ${folder} belongs to somebody else; remove it or set XDG_RUNTIME_DIR`;
    throw new ListenError({ kind: "unix", path: place.path }, problem);
  }
  if ((status.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPathBytes;
}
