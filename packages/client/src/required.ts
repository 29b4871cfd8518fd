import { Code, ConnectError } from "@connectrpc/connect";
import { typedError } from "./errors/typed-error.js";

/**
 * The message that an answer exists for.
 *
 * @throws InternalError when the server left it out, which none of ours does
 */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined)
    throw typedError(new ConnectError(`the server answered without a ${name}`, Code.Internal));
  return value;
}
