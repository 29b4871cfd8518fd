import { cors } from "@connectrpc/connect";
import { printable } from "./authority.js";
import type { NodeRequest, NodeResponse } from "./node-handler.js";

/** What the Origin check decided; `respond` means that the answer (of a preflight) is complete. */
export type OriginVerdict =
  | { readonly outcome: "pass" }
  | { readonly outcome: "respond" }
  | { readonly outcome: "refuse"; readonly reason: string };

const pass: OriginVerdict = { outcome: "pass" };
const respond: OriginVerdict = { outcome: "respond" };
const allowedMethods = cors.allowedMethods.join(", ");
const allowedHeaders = [...cors.allowedHeaders, "Authorization"].join(", ");
const exposedHeaders = cors.exposedHeaders.join(", ");
/** Two hours, the longest that Chromium keeps a preflight. */
const preflightSeconds = "7200";

/**
 * Checks the Origin header, which browsers send and other clients do not. A page that this server itself delivered
 * (same host and port as the request) passes, one of `allowedOrigins` gets the CORS headers that Connect and gRPC-web
 * need, any other is refused.
 *
 * @param allowedOrigins exact origins such as `https://app.example.com`
 * @param sameOrigin whether the request's Host was checked, so that an Origin equal to it can be trusted
 */
export function checkOrigin(
  request: NodeRequest,
  response: NodeResponse,
  allowedOrigins: ReadonlySet<string>,
  sameOrigin: boolean,
): OriginVerdict {
  const origin = request.headers.origin;
  if (origin === undefined) return pass;
  if (sameOrigin && isOwnOrigin(request, origin)) return pass;
  if (!allowedOrigins.has(origin)) {
    return {
      outcome: "refuse",
      reason:
        `This server does not answer pages of the origin "${printable(origin)}". ` +
        "Add it to the allowed origins of the server if you trust it.",
    };
  }
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
  response.setHeader("Vary", "Origin");
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined)
    return pass;
  response.setHeader("Access-Control-Allow-Methods", allowedMethods);
  response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
  response.setHeader("Access-Control-Max-Age", preflightSeconds);
  response.writeHead(204);
  response.end();
  return respond;
}

/**
 * The set that `checkOrigin` takes.
 *
 * @throws TypeError for what no browser sends as an Origin, such as a trailing slash
 */
export function originSet(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(`"${origin}" is not an origin, which is written as https://app.example.com`);
    }
  }
  return new Set(origins);
}

function isOwnOrigin(request: NodeRequest, origin: string): boolean {
  const host = "authority" in request ? request.authority : request.headers.host;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
