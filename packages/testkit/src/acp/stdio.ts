import { Readable, Writable } from "node:stream";
import { type JsonRpcId, ndJsonStream, type Stream } from "@agentclientprotocol/sdk";

/**
 * ACP over standard input and output.
 *
 * @param answered called once the answer to a request is written.
 */
export function openStdio(answered: (requestId: JsonRpcId) => void): Stream {
  const { readable, writable } = ndJsonStream(
    Writable.toWeb(process.stdout) as WritableStream<Uint8Array>,
    Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>,
  );
  const writer = writable.getWriter();
  return {
    readable,
    writable: new WritableStream({
      async write(message) {
        await writer.write(message);
        if ("id" in message && !("method" in message)) answered(message.id);
      },
    }),
  };
}
