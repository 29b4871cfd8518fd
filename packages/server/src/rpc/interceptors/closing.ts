import type { Interceptor } from "@connectrpc/connect";

/** Refuses new calls once the server closes; the standard health check goes on and says so. */
export function closingInterceptor(closing: AbortSignal): Interceptor {
  return (next) => async (request) => {
    if (request.service.typeName.startsWith("stratavore.")) closing.throwIfAborted();
    return await next(request);
  };
}
