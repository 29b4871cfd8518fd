import { randomBytes } from "node:crypto";
import { lstatSync, rmSync } from "node:fs";
import { chmod, lstat, mkdir, rename, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import type { ListenAddress } from "./address.js";
import { AddressInUseError, errorCode, ListenError, listenErrorFrom } from "./listen-errors.js";
import { type Acceptor, type Listener, listening } from "./listener.js";
import { maxSocketPathBytes } from "./socket-path.js";

/**
 * Listens on a unix socket that only this user can open (mode 0600). A socket file that no program serves any more is
 * replaced.
 *
 * @throws AddressInUseError when a program serves it; ListenError when the path is too long, or is something else than
 * a socket, which is never removed
 */
export async function listenUnix(path: string, acceptor: Acceptor): Promise<Listener> {
  const address: ListenAddress = { kind: "unix", path };
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw new ListenError(
      address,
      `the path has ${bytes} bytes, and a unix socket may have ${maxSocketPathBytes}`,
    );
  }
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    acceptor.accept(socket, { transport: "unix", authorities: undefined }),
  );
  // Bound out of reach and then moved, so that it never exists with a wider mode or beside a half-removed old one.
  const nursery = join(dirname(path), `.${randomBytes(3).toString("hex")}`);
  try {
    await refuseUnlessStale(address, path);
    await mkdir(nursery, { mode: 0o700 });
    const born = join(nursery, "s");
    await listening(server, { path: born }, acceptor);
    await chmod(born, 0o600);
    await rename(born, path);
  } catch (error) {
    server.close();
    throw listenErrorFrom(address, error);
  } finally {
    await rm(nursery, { recursive: true, force: true });
  }
  const { ino, dev } = await lstat(path);
  const isInPlace = () => {
    const now = lstatSync(path, { throwIfNoEntry: false });
    return now?.ino === ino && now.dev === dev;
  };
  return {
    address,
    get isOpen() {
      return server.listening && isInPlace();
    },
    close() {
      server.close();
      if (isInPlace()) rmSync(path, { force: true });
    },
  };
}

async function refuseUnlessStale(address: ListenAddress, path: string): Promise<void> {
  const status = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (status === undefined) return;
  if (!status.isSocket())
    throw new ListenError(address, "there is something else at that path; move it away");
  if (await answers(path)) throw new AddressInUseError(address);
}

/** Whether a program accepts connections there; one that may not be asked counts as one that does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error) => resolve(!["ECONNREFUSED", "ENOENT"].includes(errorCode(error))));
  });
}
