import { RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { Model, Real } from "./model.js";
import { Record } from "./record.js";

/** What holds whenever nothing is under way: the log, the record and the counters tell the same, and as expected. */
export async function consistent(model: Model, { opened, ids }: Real): Promise<Record> {
  const record = await Record.read(opened);
  const expected = model.runners.flatMap(({ exists, status, incarnation, started }, index) =>
    exists ? [{ id: ids[index]!, status: RunnerStatus[status], incarnation, started }] : [],
  );
  const told = [...record.runners].map(([id, { status, incarnation, started }]) => ({
    id,
    status: RunnerStatus[status],
    incarnation,
    started: started.length,
  }));
  expect(told, "the log").toEqual(expected);
  const { runners, totalCount } = await opened.runners.listRunners({ limit: 1000 });
  expect(
    runners
      .map(({ id, status, incarnation }) => ({ id, status: RunnerStatus[status], incarnation }))
      .reverse(),
    "ListRunners",
  ).toEqual(expected.map(({ started, ...rest }) => rest));
  expect(totalCount).toBe(expected.length);
  await countersAgree(record, opened);
  return record;
}

async function countersAgree(record: Record, opened: Opened): Promise<void> {
  const all = [...record.runners.values()].map(({ status }) => status);
  const byStatus: { [name: string]: bigint } = {};
  for (const status of all) {
    const name = RunnerStatus[status].toLowerCase();
    byStatus[name] = (byStatus[name] ?? 0n) + 1n;
  }
  const { project } = await opened.projects.getProject({ name: "web", includeStats: true });
  expect(project!.statistics).toMatchObject({
    activeRunners: record.live,
    totalRunners: all.length,
    totalSessions: BigInt(record.sessions),
    totalTokensUsed: record.tokens,
  });
  const { daemonStatus, systemMetrics } = await opened.daemon.getStatus({ includeDetailed: true });
  expect(daemonStatus!.activeRunners).toBe(record.live);
  expect(moreThanNone(systemMetrics!.counts!.runners)).toEqual(byStatus);
  expect(systemMetrics!.counts!.events).toBe(BigInt(record.events));
  const { global } = await opened.daemon.getMetrics({});
  expect(global).toMatchObject({ runnersCreated: BigInt(record.created), events: BigInt(record.events) });
  expect(moreThanNone(global!.runners)).toEqual(byStatus);
  for (const status of new Set(all)) {
    const { totalCount } = await opened.runners.listRunners({ status, limit: 1 });
    expect(totalCount).toBe(all.filter((each) => each === status).length);
  }
}

const moreThanNone = (counts: { [name: string]: bigint }) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0n));
