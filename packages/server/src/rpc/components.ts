import { stat } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ComponentStatus, ComponentStatusSchema, ComponentType } from "@stratavore/proto";
import type { Services } from "./services.js";

type Check = (services: Services) => Promise<string>;

/** Each check answers what is wrong, or nothing. */
const checks: Readonly<Record<string, { type: ComponentType; check: Check }>> = {
  database: {
    type: ComponentType.DATABASE,
    async check({ store, dataDir }) {
      const { file, problems, writeError } = store.health();
      if (file === "damaged")
        return `the store is damaged: ${problems.slice(0, 3).join("; ")}; restore a backup`;
      if (dataDir !== null) await stat(store.file!);
      await store.transaction((tx) => tx.events.head());
      return writeError === undefined ? "" : `writes fail: ${writeError.message}`;
    },
  },
  events: {
    type: ComponentType.EVENTS,
    async check({ store }) {
      const { head, floor } = store.snapshot(({ events }) => ({
        head: events.head(),
        floor: events.floor(),
      }));
      return floor <= head ? "" : `the log ends at ${head}, before its oldest event ${floor}`;
    },
  },
  supervisor: {
    type: ComponentType.SUPERVISOR,
    async check({ store, supervisor }) {
      const lost = store.read.runners
        .live()
        .filter(
          ({ id, external, status }) => !external && status > 1 && supervisor.controller(id) === undefined,
        );
      return lost.length === 0
        ? ""
        : `live runners that nobody follows: ${lost.map(({ id }) => id).join(", ")}; reconcile`;
    },
  },
  api: {
    type: ComponentType.API,
    check: async ({ closing }) => (closing.aborted ? "the server is shutting down" : ""),
  },
  daemon: {
    type: ComponentType.DAEMON,
    async check() {
      const from = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      const waited = performance.now() - from;
      return waited < 1000
        ? ""
        : `the event loop is late by ${Math.round(waited)} ms; the machine or the daemon is overloaded`;
    },
  },
};

/** Checks components now; all of them, or one. */
export async function checkComponents(
  services: Services,
  only: ComponentType,
): Promise<Record<string, ComponentStatus>> {
  const wanted = Object.entries(checks).filter(
    ([, { type }]) => only === ComponentType.UNSPECIFIED || type === only,
  );
  const results = await Promise.all(
    wanted.map(async ([name, { check }]) => {
      const from = performance.now();
      const message = await check(services).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      const tookMs = performance.now() - from;
      const status = create(ComponentStatusSchema, {
        healthy: message === "",
        message,
        latency: { seconds: BigInt(Math.trunc(tookMs / 1000)), nanos: Math.round((tookMs % 1000) * 1e6) },
        lastChecked: timestampFromMs(Date.now()),
      });
      return [name, status] as const;
    }),
  );
  return Object.fromEntries(results);
}
