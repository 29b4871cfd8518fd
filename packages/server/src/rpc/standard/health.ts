import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { health } from "@stratavore/proto/grpc";
import type { Services } from "../services.js";

const { HealthCheckResponse_ServingStatus: Serving } = health;

/** The standard gRPC health check: load balancers and orchestrators ask it without a credential. */
export function healthService(
  { closing, store }: Services,
  services: readonly string[],
): ServiceImpl<typeof health.Health> {
  const names = ["", ...services];
  const status = () =>
    closing.aborted || store.health().file === "damaged" ? Serving.NOT_SERVING : Serving.SERVING;

  return {
    check({ service }) {
      if (!names.includes(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
      return { status: status() };
    },

    list: () => ({ statuses: Object.fromEntries(names.map((name) => [name, { status: status() }])) }),

    async *watch({ service }, { signal }) {
      const known = names.includes(service);
      yield { status: known ? status() : Serving.SERVICE_UNKNOWN };
      const waiter = store.tail.changed(["health"], AbortSignal.any([signal, closing]));
      try {
        for (let last = status(); ; ) {
          await waiter.wait();
          if (status() === last) continue;
          last = status();
          if (known) yield { status: last };
        }
      } catch (error) {
        if (signal.aborted) return;
        if (closing.aborted) {
          if (known) yield { status: Serving.NOT_SERVING };
          return;
        }
        throw error;
      } finally {
        waiter.close();
      }
    },
  };
}
