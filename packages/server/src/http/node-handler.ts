import type { connectNodeAdapter } from "@connectrpc/connect-node";

/** A request handler for `node:http` and the compatibility API of `node:http2`, as Connect makes them. */
export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
/** A request of either protocol. */
export type NodeRequest = Parameters<NodeHandler>[0];
/** A response of either protocol. */
export type NodeResponse = Parameters<NodeHandler>[1];
