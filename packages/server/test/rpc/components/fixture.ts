import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import { DaemonService } from "@stratavore/proto";
import { health } from "@stratavore/proto/grpc";
import { onTestFinished } from "vitest";
import { Stalls } from "../../../src/rpc/components/stalls.js";
import { createRoutes } from "../../../src/rpc/routes.js";
import type { Services } from "../../../src/rpc/services.js";
import { type Bench, openBench } from "../../supervise/bench.js";

/** The services over a store and a supervisor that a test can hurt. */
export interface Ward {
  bench: Bench;
  daemon: Client<typeof DaemonService>;
  standard: Client<typeof health.Health>;
  /** What is wrong, by component. */
  problems(): Promise<Record<string, string>>;
}

export async function openWard(): Promise<Ward> {
  const bench = await openBench();
  const stalls = new Stalls();
  onTestFinished(() => stalls.close());
  const services = {
    store: bench.store,
    supervisor: bench.supervisor,
    startedAt: Date.now(),
    addresses: () => [],
    lostAddresses: () => [],
    stalls,
    closing: new AbortController().signal,
    openStreams: { count: 0 },
    dataDir: null,
    counts: { calls: 0, failed: 0 },
  } satisfies Partial<Services> as unknown as Services;
  const transport = createRouterTransport(createRoutes(services, [], () => {}));
  const daemon = createClient(DaemonService, transport);
  return {
    bench,
    daemon,
    standard: createClient(health.Health, transport),
    async problems() {
      const { components, healthy } = await daemon.healthCheck({});
      const wrong = Object.entries(components).filter(([, { message }]) => message !== "");
      if (healthy !== (wrong.length === 0)) throw new Error("`healthy` is not what the components say");
      return Object.fromEntries(wrong.map(([name, { message }]) => [name, message]));
    },
  };
}
