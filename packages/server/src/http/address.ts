import { isIP, isIPv6 } from "node:net";

/** An address as a person writes it, parsed. Port 0 asks for any free port. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Raised when a listen address cannot be understood; the message says what is wrong and shows a right one. */
export class AddressFormatError extends Error {
  override readonly name = "AddressFormatError";
  /** The text that was given. */
  readonly address: string;

  constructor(address: string, problem: string) {
    super(`"${address}" is not an address to listen on: ${problem}`);
    this.address = address;
  }
}

const hostName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * Parses `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (the same as `localhost:PORT`) or `unix:/absolute/path`.
 *
 * @throws AddressFormatError
 */
export function parseAddress(text: string): ListenAddress {
  if (text.startsWith("unix:")) {
    return { kind: "unix", path: parseUnixPath(text) };
  }
  if (text.includes("://")) {
    throw new AddressFormatError(text, "leave out the scheme and any path, as in localhost:50051");
  }
  const colon = text.lastIndexOf(":");
  if (colon < 0 || text.endsWith("]")) {
    throw new AddressFormatError(text, `it has no port, as in ${text || "localhost"}:50051`);
  }
  return {
    kind: "tcp",
    host: parseHost(text, text.slice(0, colon)),
    port: parsePort(text, text.slice(colon + 1)),
  };
}

/** Writes an address the way `parseAddress` reads it. */
export function formatAddress(address: ListenAddress): string {
  return address.kind === "unix" ? `unix:${address.path}` : formatHostPort(address.host, address.port);
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseHost(text: string, host: string): string {
  if (host === "") return "localhost";
  if (host.startsWith("[") || host.endsWith("]")) {
    const inner = host.slice(1, -1);
    if (!host.startsWith("[") || !host.endsWith("]") || !isIPv6(inner)) {
      throw new AddressFormatError(text, "what is in brackets is not an IPv6 address, as in [::1]:50051");
    }
    return inner;
  }
  if (host.includes(":")) {
    throw new AddressFormatError(text, "an IPv6 address needs brackets, as in [::1]:50051");
  }
  if (host === "*") {
    throw new AddressFormatError(text, "write 0.0.0.0:PORT or [::]:PORT to listen on every interface");
  }
  const looksNumeric = /^[\d.]+$/.test(host);
  if (looksNumeric ? isIP(host) === 0 : !hostName.test(host)) {
    throw new AddressFormatError(text, `"${host}" is neither a host name nor an IP address`);
  }
  return host.toLowerCase();
}

function parsePort(text: string, port: string): number {
  if (port === "") throw new AddressFormatError(text, "it has no port after the colon");
  const number = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
  if (!(number <= 65_535)) {
    throw new AddressFormatError(text, `"${port}" is not a port, which is a number from 0 to 65535`);
  }
  return number;
}

function parseUnixPath(text: string): string {
  const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (!path.startsWith("/") || path.startsWith("//")) {
    throw new AddressFormatError(
      text,
      "a unix socket needs an absolute path, as in unix:/run/stratavore.sock",
    );
  }
  if (path.includes("\0")) throw new AddressFormatError(text, "the path contains a NUL character");
  return path;
}
