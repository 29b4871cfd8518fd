import { Code, ConnectError } from "@connectrpc/connect";
import type { StratavoreError } from "../errors/stratavore-error.js";
import { typedError } from "../errors/typed-error.js";

/** Where a daemon listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tcp";
      /** Scheme, host and port. */
      readonly origin: string;
      readonly port: number;
      /** True if the host can only be this machine. */
      readonly loopback: boolean;
    };

export const defaultPort = 50051;

/**
 * Reads `host`, `host:port`, `http://host:port`, `https://host:port` or `unix:/path`. A bare host has port 50051 and,
 * with `tls`, the scheme https; `0.0.0.0` and `::` stand for the loopback address.
 *
 * @throws InvalidArgumentError when it is none of these
 */
export function parseAddress(address: string, tls: boolean): Endpoint {
  if (address.startsWith("unix:")) return parseUnix(address, tls);
  const hasScheme = /^[a-z]+:\/\//i.test(address);
  const text = hasScheme ? address : `${tls ? "https" : "http"}://${bracketed(address)}`;
  if (!URL.canParse(text)) throw invalid(address, "it is no host and port");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid(address, "use http or https");
  if (url.pathname !== "/" || url.search || url.hash || url.username || url.password) {
    throw invalid(address, "nothing may stand beside host and port");
  }
  if (tls && url.protocol === "http:") throw invalid(address, "TLS options need https");
  // A URL hides the port that its scheme implies, also where it was written out.
  if (!hasScheme && !/:\d+$/.test(bracketed(address))) url.port = String(defaultPort);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  return { kind: "tcp", origin: url.origin, port, loopback: isLoopback(url.hostname) };
}

/** The endpoint as a person would write it. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix:${endpoint.path}`;
  return endpoint.origin.replace(/^http:\/\//, "");
}

function parseUnix(address: string, tls: boolean): Endpoint {
  const path = address.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (!path.startsWith("/")) throw invalid(address, "the path of a unix socket must be absolute");
  if (tls) throw invalid(address, "a unix socket takes no TLS options");
  return { kind: "unix", path };
}

function bracketed(address: string): string {
  return /^[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(address) ? `[${address}]` : address;
}

/** A name other than localhost could resolve to anywhere. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function invalid(address: string, problem: string): StratavoreError {
  const expected = "expected host:port, https://host:port or unix:/path";
  const message = `"${address}" is no address of a daemon: ${problem}; ${expected}`;
  return typedError(new ConnectError(message, Code.InvalidArgument));
}
