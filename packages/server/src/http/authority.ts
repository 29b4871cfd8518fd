import { isIP } from "node:net";
import { formatHostPort } from "./address.js";
import type { NodeRequest } from "./node-handler.js";

/** The values of Host and :authority that one listener answers to, in lower case. */
export type Authorities = ReadonlySet<string>;

const loopbackNames = ["localhost", "127.0.0.1", "::1"];
const wildcards = new Set(["0.0.0.0", "::"]);

/**
 * The names a listener answers to, exactly: the loopback names and its own host with its own port, and each name
 * of `allowedHosts`. A name there that carries a port stands as it is; one without answers with the listener's port
 * and without a port (as behind a proxy on 80 or 443).
 */
export function authoritiesOf(host: string, port: number, allowedHosts: readonly string[]): Authorities {
  const authorities = new Set<string>();
  const add = (name: string) => {
    authorities.add(formatHostPort(name, port).toLowerCase());
    if (port === 80) authorities.add(bracketed(name).toLowerCase());
  };
  loopbackNames.forEach(add);
  if (!wildcards.has(host)) add(host);
  for (const allowed of allowedHosts) {
    const name = allowed.toLowerCase();
    if (isIP(name) === 0 && /:\d+$/.test(name)) {
      authorities.add(name);
    } else {
      const bare = name.replace(/^\[(.*)\]$/, "$1");
      add(bare);
      authorities.add(bracketed(bare));
    }
  }
  return authorities;
}

/**
 * Says why a request's Host is refused, or nothing when it is fine. A page that rebinds its own name to this machine
 * shows that name here, which is why the match is exact.
 */
export function refusedAuthority(request: NodeRequest, allowed: Authorities): string | undefined {
  const host = request.headers.host;
  const authority = request.headers[":authority"];
  const given = typeof authority === "string" ? authority : host;
  if (given === undefined || given === "") {
    return "This server answers only requests that name their host, and this one has no Host header.";
  }
  for (const name of authority === undefined || host === undefined ? [given] : [given, host]) {
    if (!allowed.has(name) && !allowed.has(name.toLowerCase())) {
      return (
        `This server does not answer to the host "${printable(name)}". ` +
        "Use localhost, or add the name to the allowed hosts of the server."
      );
    }
  }
  return undefined;
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** What a stranger sent is shown shortened and without control characters. */
export function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, "?");
}
