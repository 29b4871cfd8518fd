import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { Interceptor } from "@connectrpc/connect";

/** Notes which requests were sent. */
export class Requests {
  readonly #sent: { rpc: string; schema: DescMessage; message: Message }[] = [];

  /** Of requests to an RPC since the last call of this method: whether each has a field set. */
  take(rpc: string, path: string): boolean[] {
    return this.#sent
      .splice(0)
      .filter((one) => one.rpc === rpc)
      .map(({ schema, message }) => isSet(reflect(schema, message), path.split(".")));
  }

  readonly interceptor: Interceptor = (next) => async (request) => {
    const { name: rpc, input: schema } = request.method;
    const note = (message: Message) => void this.#sent.push({ rpc, schema, message });
    if (!request.stream) {
      note(request.message);
      return await next(request);
    }
    return await next({ ...request, message: noted(request.message, note) });
  };
}

async function* noted<T extends Message>(messages: AsyncIterable<T>, note: (message: T) => void) {
  for await (const message of messages) {
    note(message);
    yield message;
  }
}

function isSet(message: ReflectMessage, [name, ...rest]: readonly string[]): boolean {
  const field = message.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`${message.desc.name} has no field ${name}`);
  if (!message.isSet(field)) return false;
  if (rest.length === 0) return true;
  if (field.fieldKind !== "message") throw new Error(`${field.name} has no fields`);
  return isSet(message.get(field), rest);
}
