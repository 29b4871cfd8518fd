import { RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { sleeper } from "./agents.js";

const rpc = "ListRunners";

/** Three runners, by age: one of another project, one that has ended, one that is live. */
async function three(server: Opened): Promise<void> {
  await project(server);
  await project(server, "other");
  const make = async (
    projectName: string,
    runtimeId: string,
    spec: object,
    metadata: Record<string, string>,
  ) => (await server.runners.createRunner({ projectName, runtimeId, spec, metadata })).runner!.id;
  await make("other", "elsewhere", sleeper, { team: "b" });
  const ended = await make("web", "ended", { agent: "exec", args: ["true"] }, { team: "a", kind: "short" });
  await server.runners.waitRunner({ runnerId: ended });
  const runnerId = await make("web", "live", sleeper, { team: "a", kind: "long" });
  await server.runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
}

async function listed({ runners }: Opened, given: object) {
  const { runners: found, totalCount, hasMore } = await runners.listRunners(given);
  return { runners: found.map(({ runtimeId }) => runtimeId), totalCount, hasMore };
}

const all = { runners: ["live", "ended", "elsewhere"], totalCount: 3, hasMore: false };

const narrowed = (field: string, value: object, words: string, runners: string[]) =>
  row({
    rpc,
    field,
    unset: ["all, newest first", all],
    set: [words, { runners, totalCount: runners.length, hasMore: false }],
    value,
    prepare: three,
    see: listed,
  });

export const listRunners: readonly Row[] = [
  narrowed("project_name", { projectName: "other" }, "only those of that project", ["elsewhere"]),
  narrowed("status", { status: RunnerStatus.TERMINATED }, "only those in that status", ["ended"]),
  row({
    rpc,
    field: "limit",
    unset: ["a page of 50", [50, true]],
    set: ["a page of that size", [2, true]],
    value: { limit: 2 },
    async prepare(server) {
      await project(server);
      const spec = { agent: "exec", args: ["true"] };
      for (let count = 0; count < 51; count += 1) {
        await server.runners.createRunner({ projectName: "web", spec });
      }
    },
    async see(server, given) {
      const { runners, hasMore } = await listed(server, given);
      return [runners.length, hasMore];
    },
  }),
  row({
    rpc,
    field: "offset",
    unset: ["from the newest on", all],
    set: ["what comes after so many", { ...all, runners: ["elsewhere"] }],
    value: { offset: 2 },
    prepare: three,
    see: listed,
  }),
  row({
    rpc,
    field: "include_metrics",
    unset: ["no figures", [0, undefined]],
    set: ["the figures of each, and what a live one uses", [3, true]],
    value: { includeMetrics: true },
    async prepare(server) {
      await three(server);
      await expect.poll(() => usage(server, { includeMetrics: true })).toEqual([3, true]);
    },
    see: usage,
  }),
  narrowed(
    "metadata_filter",
    { metadataFilter: { team: "a", kind: "short" } },
    "only those with all of these labels",
    ["ended"],
  ),
];

/** How many runners have figures, and whether the live one's usage is known. */
async function usage({ runners }: Opened, given: object) {
  const { runners: found, metrics } = await runners.listRunners(given);
  const live = found.find(({ runtimeId }) => runtimeId === "live")!;
  return [Object.keys(metrics).length, live.resourceUsage && live.resourceUsage.lastUpdated !== undefined];
}
