import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { type CommonOptions, createClient as createCoreClient, type StratavoreClient } from "../client.js";

export * from "../index.js";

/** How a browser, or anything with `fetch`, reaches the daemon. */
export interface WebClientOptions extends CommonOptions {
  /** For example `https://agents.example.com`. Default: where the page came from. */
  baseUrl?: string;
  /** Default: `connect`. */
  protocol?: "connect" | "grpc-web";
  /** Sent as `authorization: Bearer`, asked for before each call. Default: none, as for a page with a cookie. */
  token?: string | (() => string | Promise<string>);
  /** In place of `globalThis.fetch`, for example to send credentials to another origin. */
  fetch?: typeof globalThis.fetch;
}

/**
 * Creates a client over `fetch`.
 *
 * @throws TypeError when there is neither a `baseUrl` nor a page
 */
export function createClient(options: WebClientOptions = {}): StratavoreClient {
  const create = options.protocol === "grpc-web" ? createGrpcWebTransport : createConnectTransport;
  const transport = create({
    baseUrl: options.baseUrl ?? pageOrigin(),
    // Binary needs no type registry for the payloads of events.
    useBinaryFormat: true,
    interceptors: options.token === undefined ? [] : [bearer(options.token)],
    fetch: options.fetch,
  });
  return createCoreClient({ ...options, transport });
}

function bearer(token: string | (() => string | Promise<string>)): Interceptor {
  return (next) => async (request) => {
    if (!request.header.has("authorization")) {
      request.header.set("authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
    }
    return next(request);
  };
}

function pageOrigin(): string {
  const { location } = globalThis as { location?: { origin: string } };
  if (location === undefined) throw new TypeError("createClient needs a baseUrl outside of a web page");
  return location.origin;
}
