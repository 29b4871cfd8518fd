import { Code, ConnectError } from "@connectrpc/connect";

/**
 * The message that an answer exists for.
 *
 * @throws ConnectError INTERNAL when the server left it out, which none of ours does
 */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ConnectError(`the server answered without a ${name}`, Code.Internal);
  return value;
}
