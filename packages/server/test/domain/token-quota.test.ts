import { create, fromBinary } from "@bufbuild/protobuf";
import { QuotaExceededSchema, ResourceQuotaSchema } from "@stratavore/proto";
import { expect, test } from "vitest";
import { tokensExhausted, tokensUsed } from "../../src/domain/token-quota.js";
import { dayOf } from "../../src/domain/utc-day.js";
import { storedQuota } from "../../src/domain/views/quota.js";
import { addProject, addRunner, addSession, openTemp } from "../store/fixtures.js";

const quota = (maxTokensPerDay: bigint) => storedQuota(create(ResourceQuotaSchema, { maxTokensPerDay }));
const noon = Date.UTC(2026, 2, 1, 12);
const day = 86_400_000;

test("each day and each limit says once that its tokens are used up: the project's, and a runner's own", async () => {
  const store = await openTemp({ dataDir: null });
  const { session } = await store.transaction((tx) => {
    const { uid } = addProject(tx);
    tx.projects.update(uid, undefined, { quota: quota(100n) });
    addRunner(tx, "r", { quota: quota(60n) });
    addRunner(tx, "other", {});
    return { session: addSession(tx, "s", { runnerId: "r" }) };
  });
  const { projectUid } = session;
  const spend = (runnerId: string, tokens: bigint, now: number) =>
    store.transaction((tx) => {
      const usage = { projectUid, day: dayOf(now), runnerId, sessionId: "s", model: "", costBasis: 0 };
      tx.usage.add({ ...usage, currency: "", inputTokens: tokens, cacheReadTokens: 10_000n });
      tokensUsed(tx, { ...session, runnerId }, tokens, now);
    });
  const said = () =>
    store.read.events
      .after(0n, { limit: 100 })
      .map(({ payload }) => fromBinary(QuotaExceededSchema, payload))
      .map(({ subject, limit, value }) => `${subject} ${limit} ${value}`);
  const isOver = (runnerId: string, now: number) => {
    const project = store.read.projects.byUid(projectUid)!;
    return tokensExhausted(store.read, project, now, store.read.runners.byId(runnerId)!) !== undefined;
  };

  await spend("r", 59n, noon);
  expect([isOver("r", noon), isOver("other", noon)]).toEqual([false, false]);
  await spend("r", 1n, noon);
  expect([isOver("r", noon), isOver("other", noon)]).toEqual([true, false]);
  expect(said()).toEqual(["runner:r 60 60"]);
  await spend("other", 50n, noon);
  await spend("other", 50n, noon);
  await spend("r", 50n, noon);
  expect([isOver("r", noon), isOver("other", noon)]).toEqual([true, true]);
  const first = ["runner:r 60 60", "project:alpha 100 110"];
  expect(said()).toEqual(first);

  const next = noon + day;
  expect([isOver("r", next), isOver("other", next)]).toEqual([false, false]);
  await spend("r", 70n, next);
  await spend("other", 40n, next);
  expect(said()).toEqual([...first, "runner:r 60 70", "project:alpha 100 110"]);
});
