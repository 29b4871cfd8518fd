import { formatAddress, type ListenAddress } from "./address.js";

/** Raised when an address cannot be listened on; `cause` is the operating system's error. */
export class ListenError extends Error {
  override readonly name: string = "ListenError";
  readonly address: ListenAddress;

  constructor(address: ListenAddress, problem: string, cause?: unknown) {
    super(`cannot listen on ${formatAddress(address)}: ${problem}`, { cause });
    this.address = address;
  }
}

/** Raised when another program already listens on the address. */
export class AddressInUseError extends ListenError {
  override readonly name = "AddressInUseError";

  constructor(address: ListenAddress, cause?: unknown) {
    super(
      address,
      address.kind === "tcp"
        ? "another program uses that port; stop it, or listen on another port (port 0 takes any free one)"
        : "another program is serving on that socket; stop it, or listen on another path",
      cause,
    );
  }
}

const problems: Record<string, string> = {
  EACCES:
    "this user may not open it (ports below 1024 need privileges; a socket needs a folder you can write to)",
  EADDRNOTAVAIL: "this machine has no such address",
  EAFNOSUPPORT: "this machine has no such address family",
  ENOTFOUND: "this machine cannot resolve that host name",
  EAI_AGAIN: "this machine cannot resolve that host name",
  ENOENT: "the folder it should be in does not exist",
  ENOTDIR: "the folder it should be in is not a folder",
};

/** Translates what the operating system says about `listen` into one of the errors above. */
export function listenErrorFrom(address: ListenAddress, cause: unknown): ListenError {
  if (cause instanceof ListenError) return cause;
  const code = errorCode(cause);
  if (code === "EADDRINUSE") return new AddressInUseError(address, cause);
  return new ListenError(address, problems[code] ?? (cause instanceof Error ? cause.message : code), cause);
}

/** The `code` of a Node.js system error, or an empty string. */
export function errorCode(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
