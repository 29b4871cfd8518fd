import { type ContextValues, createContextKey, createContextValues } from "@connectrpc/connect";
import type { NodeRequest } from "./node-handler.js";

/** What the listener knows about the caller of one request. */
export interface RequestContext {
  /** How the request came: through our listeners, a host application's server, or no network at all. */
  readonly transport: "tcp" | "unix" | "host" | "in-process";
  /** The peer's IP address; empty where there is none. */
  readonly remoteAddress: string;
  /**
   * What proved the caller: the local credential, or that only its user can open the unix socket. `exempt` is a path
   * that needs no proof, `none` a request that nobody checked here (mounted in a host application, or in process).
   */
  readonly authenticatedBy: "credential" | "socket" | "exempt" | "none";
}

/** Where interceptors and handlers find the request's context: `context.values.get(requestContextKey)`. */
export const requestContextKey = createContextKey<RequestContext>(
  { transport: "in-process", remoteAddress: "", authenticatedBy: "none" },
  { description: "how a request reached the server and what proved its caller" },
);

const property = Symbol("stratavore.requestContext");
type Carrier = { [property]?: RequestContext };

/** Attaches the context to a request before its handler runs. */
export function setRequestContext(request: NodeRequest, context: RequestContext): void {
  (request as Carrier)[property] = context;
}

/** For the `contextValues` option of `connectNodeAdapter`: hands the context on to interceptors and handlers. */
export function requestContextValues(request: NodeRequest): ContextValues {
  const values = createContextValues();
  const context = (request as Carrier)[property];
  return context === undefined ? values : values.set(requestContextKey, context);
}
