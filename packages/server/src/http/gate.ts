import { Code, ConnectError } from "@connectrpc/connect";
import { type PathAliases, pathAliases } from "./aliases.js";
import { type Authorities, refusedAuthority } from "./authority.js";
import { type Credential, type CredentialProblem, credentialProblem } from "./credential.js";
import { exemptPaths } from "./exempt.js";
import type { HttpLog } from "./log.js";
import type { NodeHandler, NodeRequest, NodeResponse } from "./node-handler.js";
import { checkOrigin, originSet } from "./origin.js";
import { refuseHttp, refuseRpc } from "./refusal.js";
import { type RequestContext, setRequestContext } from "./request-context.js";

/** What stands between the network and the handler. */
export interface GateOptions {
  readonly handler: NodeHandler;
  readonly credential: Credential | "none";
  readonly allowedOrigins: readonly string[];
  readonly exempt: readonly string[];
  readonly services: Iterable<string>;
  readonly unauthenticated: (problem: CredentialProblem) => ConnectError;
  readonly log: HttpLog;
}

/** Which checks one way in gets. */
export interface Checks {
  /** The hosts that are answered; undefined answers any. */
  readonly authorities: Authorities | undefined;
  readonly origin: boolean;
  /** Whether an Origin equal to the request's Host passes. */
  readonly sameOrigin: boolean;
  readonly credential: boolean;
  /** What proves a caller of whom no credential is asked. */
  readonly otherwise: "socket" | "none";
}

/** Takes a request to the handler, or answers it with the reason why not. */
export type Gate = (
  request: NodeRequest,
  response: NodeResponse,
  checks: Checks,
  peer: Pick<RequestContext, "transport" | "remoteAddress">,
) => void;

/** Builds the gate: Host, Origin and preflight, old paths, credential, in that order. */
export function createGate(options: GateOptions): Gate {
  const { handler, credential, log } = options;
  const origins = originSet(options.allowedOrigins);
  const isExempt = exemptPaths(options.exempt);
  const rewrite: PathAliases = pathAliases(options.services);

  return (request, response, checks, peer) => {
    const wrongHost = checks.authorities && refusedAuthority(request, checks.authorities);
    if (wrongHost !== undefined) return refuseHttp(request, response, 403, wrongHost);
    if (checks.origin) {
      const verdict = checkOrigin(request, response, origins, checks.sameOrigin);
      if (verdict.outcome === "refuse") return refuseHttp(request, response, 403, verdict.reason);
      if (verdict.outcome === "respond") return;
    }
    const url = request.url ?? "";
    if (!url.startsWith("/")) {
      return refuseHttp(request, response, 400, "The request target must be a path, such as /metrics.");
    }
    const path = rewrite(url);
    if (path !== url) request.url = path;

    let authenticatedBy: RequestContext["authenticatedBy"] = checks.otherwise;
    if (checks.credential && credential !== "none") {
      const problem = credentialProblem(request.headers.authorization, credential);
      if (problem !== undefined && !isExempt(path)) {
        return refuseRpc(request, response, options.unauthenticated(problem));
      }
      authenticatedBy = problem === undefined ? "credential" : "exempt";
    }
    setRequestContext(request, { ...peer, authenticatedBy });
    try {
      handler(request, response);
    } catch (error) {
      // An unparsable Host on a unix socket throws inside Connect, outside of any promise.
      log.error({ err: error, path }, "request handler threw");
      if (!response.headersSent) refuseHttp(request, response, 400, "The request could not be understood.");
    }
  };
}

const advice =
  "Send the local credential as `authorization: Bearer TOKEN`; the command `stratavore token` prints it.";
const texts: Record<CredentialProblem, string> = {
  missing: `This call needs a credential and brought none. ${advice}`,
  malformed: `The authorization header is not of the form \`Bearer TOKEN\`. ${advice}`,
  wrong: `This server does not know that credential. ${advice}`,
};

/** The default answer to a caller without a valid credential; it says where to get one. */
export function unauthenticatedError(problem: CredentialProblem): ConnectError {
  return new ConnectError(texts[problem], Code.Unauthenticated);
}
