import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { DaemonService } from "@stratavore/proto";

/** Who asks for health while the server closes is to learn just that. */
const answered: ReadonlySet<DescMethod> = new Set([
  DaemonService.method.getStatus,
  DaemonService.method.healthCheck,
]);

/** Refuses new calls once the server closes; calls that ask for its health, and the standard health check, go on and say so. */
export function closingInterceptor(closing: AbortSignal): Interceptor {
  return (next) => async (request) => {
    const isOurs = request.service.typeName.startsWith("stratavore.");
    if (isOurs && !answered.has(request.method)) closing.throwIfAborted();
    return await next(request);
  };
}
