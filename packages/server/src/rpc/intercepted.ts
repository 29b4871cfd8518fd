import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";

type Next = Parameters<Interceptor>[0];
type Unary = (message: Message, context: HandlerContext) => Promise<Message> | Message;
type Streaming = (message: Message, context: HandlerContext) => AsyncIterable<Message>;

/**
 * A service whose every unary and server-streaming call goes through the interceptors, the first outermost. They belong to the
 * service and not to an adapter, so that no adapter can serve it without them.
 */
export function intercepted<Service extends DescService>(
  service: Service,
  implementation: ServiceImpl<Service>,
  interceptors: readonly Interceptor[],
): ServiceImpl<Service> {
  const through = (last: Next): Next =>
    interceptors.reduceRight<Next>((next, interceptor) => interceptor(next), last);
  const methods = service.methods.map((method) => {
    const own = (implementation as Record<string, unknown>)[method.localName];
    if (isUnary(method)) return [method.localName, unary(method, own as Unary, through)];
    if (isServerStreaming(method))
      return [method.localName, serverStreaming(method, own as Streaming, through)];
    throw new TypeError(`${method.name} takes a stream, which interceptors here do not`);
  });
  return Object.fromEntries(methods) as ServiceImpl<Service>;
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";

const isServerStreaming = (method: DescMethod): method is DescMethodServerStreaming =>
  method.methodKind === "server_streaming";

function unary(method: DescMethodUnary, own: Unary, through: (last: Next) => Next): Unary {
  return async (message, context) => {
    const call = through(async (request) => ({
      ...responseOf(method, context),
      stream: false,
      message: await own((request as UnaryRequest).message, context),
    }));
    const request: UnaryRequest = { ...requestOf(method, context), stream: false, message };
    const response = (await call(request)) as UnaryResponse;
    return response.message;
  };
}

function serverStreaming(
  method: DescMethodServerStreaming,
  own: Streaming,
  through: (last: Next) => Next,
): Streaming {
  return async function* (message, context) {
    const call = through(async (request) => ({
      ...responseOf(method, context),
      stream: true,
      message: own(await onlyOne((request as StreamRequest).message), context),
    }));
    const request: StreamRequest = { ...requestOf(method, context), stream: true, message: just(message) };
    const response = (await call(request)) as StreamResponse;
    yield* response.message;
  };
}

async function* just(message: Message) {
  yield message;
}

async function onlyOne(messages: AsyncIterable<Message>): Promise<Message> {
  for await (const message of messages) return message;
  throw new ConnectError("the request has no message", Code.Unimplemented);
}

const requestOf = <Method extends DescMethodUnary | DescMethodServerStreaming>(
  method: Method,
  context: HandlerContext,
) => ({
  service: method.parent,
  method,
  requestMethod: context.requestMethod,
  url: context.url,
  signal: context.signal,
  header: context.requestHeader,
  contextValues: context.values,
});

const responseOf = <Method extends DescMethodUnary | DescMethodServerStreaming>(
  method: Method,
  context: HandlerContext,
) => ({ service: method.parent, method, header: context.responseHeader, trailer: context.responseTrailer });
