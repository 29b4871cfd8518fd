import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { health } from "@stratavore/proto/grpc";
import type { Services } from "../services.js";
import { serving } from "./serving.js";

const { HealthCheckResponse_ServingStatus: Serving } = health;

/** How often a watcher's server is looked at, beside whenever its store says that something has changed. */
const watchMs = 5_000;

/** The standard gRPC health check: load balancers and orchestrators ask it without a credential. */
export function healthService(
  allServices: Services,
  services: readonly string[],
): ServiceImpl<typeof health.Health> {
  const { closing, store } = allServices;
  const names = ["", ...services];
  const isServing = serving(allServices);
  const status = async () => ((await isServing()) ? Serving.SERVING : Serving.NOT_SERVING);

  return {
    async check({ service }) {
      if (!names.includes(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
      return { status: await status() };
    },

    async list() {
      const now = await status();
      return { statuses: Object.fromEntries(names.map((name) => [name, { status: now }])) };
    },

    async *watch({ service }, { signal }) {
      const known = names.includes(service);
      const look = known ? status : async () => Serving.SERVICE_UNKNOWN;
      const waiter = store.tail.changed(["health"], AbortSignal.any([signal, closing]));
      try {
        let last = await look();
        yield { status: last };
        for (;;) {
          await waiter.wait(known ? watchMs : undefined);
          const now = await look();
          if (now === last) continue;
          last = now;
          yield { status: now };
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
