import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, open, project, runner } from "./fixture/stratavore.js";

test("messages are found by their words, narrowed by each filter, page by page", async () => {
  const opened = await open();
  const ids: string[] = [];
  for (const name of ["web", "api"]) {
    await project(opened, name);
    const created = await opened.runners.createRunner({ projectName: name, spec: { agent: "demo" } });
    const runnerId = created.runner!.id;
    await opened.runners.waitRunner({ runnerId, statuses: [2] });
    const { session } = await opened.sessions.createSession({ runnerId });
    ids.push(session!.id);
    await converse(opened, session!.id, "!say The quick brown fox");
    await converse(opened, session!.id, "!say A fox brown and quicker");
  }
  const search = (request: object) => opened.sessions.searchTranscripts({ query: "fox", ...request });
  const { hits, nextPageToken } = await search({});
  expect(hits).toHaveLength(8);
  expect(nextPageToken).toBe("");
  expect(hits.every(({ snippet }) => snippet.includes("«fox»"))).toBe(true);
  expect(new Set(hits.map(({ role }) => role))).toEqual(new Set(["user", "assistant"]));
  expect(hits[0]).toMatchObject({ projectName: expect.stringMatching(/web|api/) });
  expect(hits[0]!.timestamp).toBeDefined();

  const inWeb = (await search({ projectName: "web" })).hits;
  expect(inWeb.map(({ sessionId }) => sessionId)).toEqual(Array(4).fill(ids[0]));
  expect((await search({ sessionId: ids[1] })).hits).toHaveLength(4);
  expect((await search({ sessionId: "session_none" })).hits).toEqual([]);
  const said = (await search({ role: "assistant" })).hits;
  expect(said).toHaveLength(4);
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId: said[0]!.sessionId });
  expect(messages[Number(said[0]!.ordinal) - 1]!.content).toContain("fox");
  expect((await search({ query: '"quick brown"' })).hits).toHaveLength(4);
  expect((await search({ query: "quick*" })).hits).toHaveLength(8);
  expect((await search({ query: "quicker" })).hits).toHaveLength(4);
  expect((await search({ query: "«fox»" })).hits).toHaveLength(8);

  const soon = { seconds: BigInt(Math.trunc(Date.now() / 1000) + 60), nanos: 0 };
  expect((await search({ after: soon })).hits).toEqual([]);
  expect((await search({ before: soon })).hits).toHaveLength(8);
  const long = { seconds: 1n, nanos: 0 };
  expect((await search({ after: long })).hits).toHaveLength(8);
  expect((await search({ before: long })).hits).toEqual([]);

  const found: string[] = [];
  let pageToken = "";
  do {
    const page = await search({ limit: 3, pageToken });
    found.push(...page.hits.map(({ sessionId, ordinal }) => `${sessionId} ${ordinal}`));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(found).toEqual(hits.map(({ sessionId, ordinal }) => `${sessionId} ${ordinal}`));
  expect(await failureOf(search({ pageToken: "garbage" }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["page_token"],
  });
  expect(await failureOf(search({ role: "robot" }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["role"],
  });
});

test.each(["***", "- . ?", '"" ', "😀", " "])(
  "%j has no words to search for, which is said",
  async (query) => {
    const opened = await open();
    expect(await failureOf(opened.sessions.searchTranscripts({ query }))).toMatchObject({
      code: Code.InvalidArgument,
      fields: ["query"],
      message: expect.stringMatching(/no letter or digit .* give words/),
    });
  },
);

test("messages are added to external runners' sessions only", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const { session } = await opened.sessions.createSession({ runnerId });
  const append = (sessionId: string) =>
    failureOf(
      opened.sessions.appendTranscript({ sessionId, messages: [{ role: "assistant", content: "hello" }] }),
    );
  expect(await append(session!.id)).toMatchObject({ code: Code.FailedPrecondition, reason: "NOT_EXTERNAL" });
  expect(await append("session_none")).toMatchObject({ code: Code.NotFound });
});
