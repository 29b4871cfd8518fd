import { EventType, type Runner, RunnerStatus } from "@stratavore/proto";
import fc from "fast-check";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import type { List } from "./list.js";

interface Filter {
  projectName?: string;
  status?: RunnerStatus;
  metadataFilter?: { [key: string]: string };
  includeMetrics?: boolean;
}

const { STARTING, RUNNING, PAUSED, TERMINATED, FAILED } = RunnerStatus;

/** Runners of two projects in five statuses, with labels. Their owners run them, so that there can be many. */
export async function runnerList(opened: Opened): Promise<List<Runner, Filter>> {
  const { runners } = opened;
  await project(opened, "api");
  return {
    filters: fc.record(
      {
        projectName: fc.constantFrom("web", "api", "none"),
        status: fc.constantFrom(STARTING, RUNNING, PAUSED, TERMINATED, FAILED),
        metadataFilter: fc.record(
          { team: fc.constantFrom("a", "b"), tier: fc.constantFrom("1", "2", "") },
          { requiredKeys: [] },
        ),
        includeMetrics: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    async page(filter, request) {
      const { runners: rows, ...rest } = await runners.listRunners({ ...filter, ...request });
      return { rows, ...rest };
    },
    matches: (row, { projectName, status, metadataFilter }) =>
      (projectName === undefined || row.projectName === projectName) &&
      (status === undefined || row.status === status) &&
      Object.entries(metadataFilter ?? {}).every(([key, value]) => row.metadata[key] === value),
    idOf: ({ id }) => id,
    compare: newestFirst,
    async insert(n) {
      const { runner } = await runners.createRunner({
        projectName: n % 3 === 0 ? "api" : "web",
        external: true,
        metadata: { team: n % 2 === 0 ? "a" : "b", ...(n % 5 < 3 && { tier: ["1", "2", ""][n % 5]! }) },
      });
      const runnerId = runner!.id;
      if (n % 4 === 1) await runners.heartbeat({ runnerId });
      if (n % 4 === 2) await runners.heartbeat({ runnerId, ended: true, exitCode: n % 8 === 2 ? 0 : 1 });
    },
    async disturb(n) {
      const { runners: rows } = await runners.listRunners({ limit: 1000 });
      const row = rows[(n * 31) % rows.length];
      if (row === undefined) return;
      if (row.status === RUNNING) await runners.pauseRunner({ runnerId: row.id });
      else if (n % 2 === 0) await runners.updateRunner({ runnerId: row.id, metadata: { team: "b" } });
      else {
        await runners.stopRunner({ runnerId: row.id, force: true });
        await runners.deleteRunner({ runnerId: row.id });
      }
    },
    added: { filter: {}, type: EventType.RUNNER_CREATED, idOf: ({ runnerId }) => runnerId },
  };
}

/** By time of creation, to the millisecond, then by id, which sorts the same way. */
export function newestFirst(one: Created, other: Created): number {
  const difference = timeOf(other) - timeOf(one);
  return difference === 0n ? (one.id > other.id ? -1 : 1) : Number(difference);
}

interface Created {
  id: string;
  createdAt?: { seconds: bigint; nanos: number };
}

const timeOf = ({ createdAt }: Created) => createdAt!.seconds * 1_000_000_000n + BigInt(createdAt!.nanos);
