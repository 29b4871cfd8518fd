import { userInfo } from "node:os";
import type { HandlerContext } from "@connectrpc/connect";

/** Who calls. The local credential and the socket belong to the user that the daemon runs as. */
export const callerOf = (_context: HandlerContext): string => localUser;

/** What a request id is unique within: one method, as one caller calls it. */
export const scopeOf = (context: HandlerContext): string =>
  `${callerOf(context)} ${context.service.typeName}/${context.method.name}`;

const localUser = (() => {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers.
    return `uid:${process.getuid?.() ?? ""}`;
  }
})();
