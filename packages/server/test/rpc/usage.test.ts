import { Code } from "@connectrpc/connect";
import { CostBasis, UsageDimension } from "@stratavore/proto";
import { expect, test } from "vitest";
import { converse, open, project, session } from "./fixture/stratavore.js";

const { DAY, MODEL, PERSON, PROJECT, RUNNER, SESSION } = UsageDimension;
const { COMPUTED, REPORTED, UNKNOWN } = CostBasis;

test("what an agent's turns used is told by everything it can be told by", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  const before = new Date().toISOString().slice(0, 10);
  await converse(opened, sessionId, "!usage 100 20 30 4 5 0.25");
  await converse(opened, sessionId, "!usage 1 2 0 0 0 0.5");
  const groupBy = [SESSION, RUNNER, MODEL, PERSON, PROJECT, DAY];
  const { rows, total, nextPageToken, asOfEventId } = await opened.usage.reportUsage({ groupBy });
  const { createdBy } = (await opened.runners.getRunner({ runnerId })).runner!;
  const figures = {
    inputTokens: 101n,
    outputTokens: 22n,
    cacheReadTokens: 30n,
    cacheWriteTokens: 4n,
    reasoningTokens: 5n,
    costs: [{ currency: "USD", costBasis: REPORTED, costNanos: 750_000_000n, tokens: 157n }],
  };
  const { projectUid, model, day } = rows[0]!;
  expect(rows).toMatchObject([{ ...figures, runnerId, sessionId, projectName: "web", person: createdBy }]);
  expect([projectUid, model]).toEqual([expect.stringMatching(/^project_/), expect.stringMatching(/./)]);
  expect(day >= before && day <= new Date().toISOString().slice(0, 10)).toBe(true);
  expect(total).toMatchObject({ ...figures, day: "", runnerId: "", person: "" });
  expect(nextPageToken).toBe("");
  expect(asOfEventId).not.toBe("");
});

test("costs of different kinds are told apart, and outlive runner, session and project", async () => {
  const opened = await open();
  await project(opened);
  const { runner } = await opened.runners.createRunner({ projectName: "web", external: true });
  const { session } = await opened.sessions.createSession({ runnerId: runner!.id });
  const usages = [
    { inputTokens: 1n, costNanos: 5n, currency: "USD", costBasis: REPORTED },
    { inputTokens: 2n, costNanos: 7n, currency: "EUR", costBasis: REPORTED },
    { inputTokens: 4n, costBasis: UNKNOWN },
  ];
  const messages = usages.map((usage) => ({ role: "assistant", content: "x", usage }));
  await opened.sessions.appendTranscript({ sessionId: session!.id, messages });
  await opened.projects.deleteProject({ name: "web", force: true });
  const { rows } = await opened.usage.reportUsage({ groupBy: [PROJECT], projectName: "web" });
  expect(rows).toMatchObject([
    {
      projectName: "web",
      inputTokens: 7n,
      costs: [
        { currency: "", costBasis: UNKNOWN, costNanos: 0n, tokens: 4n },
        { currency: "EUR", costNanos: 7n, tokens: 2n },
        { currency: "USD", costNanos: 5n, tokens: 1n },
      ],
    },
  ]);
});

test("nothing was used: no rows, and a total of zeros", async () => {
  const { usage } = await open();
  const { rows, total } = await usage.reportUsage({ groupBy: [DAY] });
  expect([rows, total?.inputTokens, total?.costs]).toEqual([[], 0n, []]);
});

test.each<[string, object, RegExp]>([
  ["a day that is none", { firstDay: "2026-02-30" }, /first_day: 2026-02-30 is no day/],
  ["days the wrong way round", { firstDay: "2026-02-02", lastDay: "2026-02-01" }, /last_day: .* before/],
  ["a dimension twice", { groupBy: [DAY, DAY] }, /group_by/],
  ["no dimension", { groupBy: [0] }, /group_by/],
  ["a token that is none", { groupBy: [DAY], pageToken: "x" }, /page_token/],
  [
    "the token of another report",
    { groupBy: [DAY], pageToken: Buffer.from('{"by":["person"],"after":["x"]}').toString("base64url") },
    /page_token/,
  ],
])("%s is INVALID_ARGUMENT", async (_, request, message) => {
  const { usage } = await open();
  const refused = usage.reportUsage(request);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("tokens without a cost have the one of the price table, whose date the report gives", async () => {
  const opened = await open();
  await project(opened);
  const { runner } = await opened.runners.createRunner({ projectName: "web", external: true });
  const told = async (model: string) => {
    const { session } = await opened.sessions.createSession({ runnerId: runner!.id, model });
    const messages = [{ role: "assistant", content: "x", usage: { inputTokens: 1000n, outputTokens: 10n } }];
    await opened.sessions.appendTranscript({ sessionId: session!.id, messages });
    const kept = (await opened.sessions.getSession({ sessionId: session!.id })).session!;
    await opened.sessions.endSession({ sessionId: session!.id });
    return kept.usage;
  };
  expect(await told("claude-opus-5-5")).toMatchObject({
    costBasis: COMPUTED,
    currency: "USD",
    costNanos: 1000n * 4000n + 10n * 20_000n,
  });
  expect(await told("some-model")).toMatchObject({ costBasis: UNKNOWN, currency: "", costNanos: 0n });
  const { total, priceTableDate } = await opened.usage.reportUsage({});
  expect(total!.costs).toMatchObject([
    { costBasis: UNKNOWN, costNanos: 0n, tokens: 1010n },
    { costBasis: COMPUTED, costNanos: 4_200_000n, tokens: 1010n },
  ]);
  expect(priceTableDate).toMatch(/^\d{4}-\d\d-\d\d$/);
});
