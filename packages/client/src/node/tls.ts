import { readFile } from "node:fs/promises";
import type { SecureClientSessionOptions } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** Certificates by file (PEM), read anew for each connection so that a renewed one is taken up. */
export interface TlsFiles {
  /** The client's certificate, for mutual TLS. */
  certFile?: string;
  /** Its key. */
  keyFile?: string;
  /** Who may have signed the server's certificate. Default: the authorities that Node trusts. */
  caFile?: string;
}

/** Certificates as PEM text or bytes. */
export interface TlsContents {
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
  ca?: string | Uint8Array;
}

/** How a TLS connection proves both ends. An empty object: TLS without a client certificate. */
export type TlsOptions = TlsFiles & TlsContents;

/** What Node's `http2.connect` takes of it. */
export async function connectOptions(tls: TlsOptions): Promise<SecureClientSessionOptions> {
  const [cert, key, ca] = await Promise.all([
    pem(tls.cert, tls.certFile),
    pem(tls.key, tls.keyFile),
    pem(tls.ca, tls.caFile),
  ]);
  // An option that is present with the value undefined is not the same as none to Node.
  return { ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) };
}

async function pem(content?: string | Uint8Array, file?: string): Promise<string | Buffer | undefined> {
  if (content !== undefined) return typeof content === "string" ? content : Buffer.from(content);
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (cause) {
    const message = `the TLS file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw new ConnectError(message, Code.FailedPrecondition, undefined, undefined, cause);
  }
}
