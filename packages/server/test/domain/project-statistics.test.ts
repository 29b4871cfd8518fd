import { create } from "@bufbuild/protobuf";
import { ResourceQuotaSchema, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { projectStatistics, statisticsOfAll } from "../../src/domain/project-statistics.js";
import { tokensExhausted } from "../../src/domain/token-quota.js";
import { dayOf } from "../../src/domain/utc-day.js";
import { storedQuota } from "../../src/domain/views/quota.js";
import { openTemp } from "../store/fixtures.js";

const midnight = Date.UTC(2026, 2, 1);
const uid = "project_a";

const spent = (ms: number, tokens: bigint, more = {}) => ({
  projectUid: uid,
  day: dayOf(ms),
  runnerId: "r",
  sessionId: "s",
  model: "",
  costBasis: 0,
  currency: "",
  inputTokens: tokens,
  outputTokens: 1n,
  cacheReadTokens: 1000n,
  cacheWriteTokens: 10n,
  ...more,
});

test("the tokens of today are those since UTC midnight, and the limit of the day goes with them", async () => {
  const store = await openTemp({ dataDir: null });
  const quota = storedQuota(create(ResourceQuotaSchema, { maxTokensPerDay: 111n }));
  const project = await store.transaction((tx) => {
    tx.usage.add(spent(midnight - 1, 100n));
    return tx.projects.insert({ uid, name: "a", path: "/a", quota });
  });
  const at = (now: number) => {
    const figures = projectStatistics(store.read, uid, now);
    expect(statisticsOfAll(store.read, now)(uid)).toEqual(figures);
    const isOver = tokensExhausted(store.read, project, now) !== undefined;
    return [figures.tokensUsedToday, figures.totalTokensUsed, isOver];
  };
  expect(at(midnight - 1)).toEqual([111n, 111n, true]);
  expect(at(midnight)).toEqual([0n, 111n, false]);
  await store.transaction((tx) => tx.usage.add(spent(midnight, 5n)));
  expect(at(midnight)).toEqual([16n, 127n, false]);
  expect(at(midnight + 86_399_999)).toEqual([16n, 127n, false]);
  expect(at(midnight + 86_400_000)).toEqual([0n, 127n, false]);
  expect(at(midnight - 1)).toEqual([111n, 127n, true]);
});

test("each project has its own figures, also one that has nothing", async () => {
  const store = await openTemp({ dataDir: null });
  const runner = (id: string, of: string, status: RunnerStatus) => ({
    id,
    projectUid: `project_${of}`,
    projectName: of,
    status,
    agent: "demo",
    spec: new Uint8Array(),
  });
  await store.transaction((tx) => {
    for (const name of ["a", "b", "c"]) tx.projects.insert({ uid: `project_${name}`, name, path: "/" });
    tx.runners.insert(runner("1", "a", RunnerStatus.STARTING));
    tx.runners.insert(runner("2", "a", RunnerStatus.STOPPING));
    tx.runners.insert(runner("3", "a", RunnerStatus.FAILED));
    tx.runners.insert(runner("4", "b", RunnerStatus.TERMINATED));
    tx.sessions.insert({ id: "s", runnerId: "3", projectUid: uid, projectName: "a", status: 3 });
    tx.usage.add(spent(midnight, 7n, { projectUid: "project_b" }));
  });
  const all = statisticsOfAll(store.read, midnight);
  const figuresOf = (name: string) => {
    const { activeRunners, totalRunners, totalSessions, totalTokensUsed } = all(`project_${name}`);
    expect(projectStatistics(store.read, `project_${name}`, midnight)).toEqual(all(`project_${name}`));
    return [activeRunners, totalRunners, totalSessions, totalTokensUsed];
  };
  expect(figuresOf("a")).toEqual([2, 3, 1n, 0n]);
  expect(figuresOf("b")).toEqual([0, 1, 0n, 18n]);
  expect(figuresOf("c")).toEqual([0, 0, 0n, 0n]);
});
