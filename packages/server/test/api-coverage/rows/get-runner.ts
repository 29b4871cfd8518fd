import { expect } from "vitest";
import { converse, type Opened, session } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

const rpc = "GetRunner";

/** A runner whose session has used tokens. */
async function spent(server: Opened): Promise<string> {
  const { runnerId, sessionId } = await session(server);
  await converse(server, sessionId, "!usage 10 5");
  return runnerId;
}

export const getRunner: readonly Row[] = [
  row({
    rpc,
    field: "runner_id",
    unset: ["refused", "INVALID_ARGUMENT runner_id"],
    set: ["that runner", "found"],
    value: (runnerId: string) => ({ runnerId }),
    prepare: spent,
    see: async ({ runners }, given, runnerId) =>
      (await runners.getRunner(given)).runner?.id === runnerId ? "found" : "another",
  }),
  row({
    rpc,
    field: "include_metrics",
    unset: ["no metrics", undefined],
    set: ["its CPU, memory, tokens, uptime and restarts", expect.objectContaining({ tokensUsed: 15n })],
    value: { includeMetrics: true },
    prepare: spent,
    see: async ({ runners }, given, runnerId) => (await runners.getRunner({ runnerId, ...given })).metrics,
  }),
  row({
    rpc,
    field: "include_session",
    unset: ["no session", undefined],
    set: ["its active session", "its own"],
    value: { includeSession: true },
    prepare: spent,
    async see({ runners }, given, runnerId) {
      const { session } = await runners.getRunner({ runnerId, ...given });
      return session && (session.runnerId === runnerId ? "its own" : "another's");
    },
  }),
];
