import { dirname } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SearchFilter, SearchKey, Store, Transaction } from "../../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp, openWithWriter, withRaw } from "../fixtures.js";

const parts = new Uint8Array();
const beta = { projectUid: "project_beta", projectName: "beta" };

async function withSessions(options: { dataDir?: null } = { dataDir: null }): Promise<Store> {
  const store = await openTemp(options);
  await store.transaction(fill);
  return store;
}

function fill(tx: Transaction): void {
  addProject(tx);
  addRunner(tx, "runner_1");
  addSession(tx, "s1");
  addSession(tx, "s2", beta);
}

const say = (tx: Transaction, content: string, more: object = {}) =>
  tx.messages.append({ sessionId: "s1", role: "user", content, parts, complete: true, ...more });

const found = (store: Store, query: string, more: Partial<SearchFilter> = {}) =>
  store.read.messages
    .search({ query, limit: 50, ...more })
    .rows.map((hit) => `${hit.sessionId}/${hit.ordinal}`);

test("a message is found from when it is complete until it is gone", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    say(tx, "a draft of nothing", { complete: false });
    say(tx, "the answer is forty-two");
  });
  expect(found(store, "answer")).toEqual(["s1/2"]);
  expect(found(store, "draft")).toEqual([]);
  await store.transaction((tx) => tx.messages.complete("s1", 1n, { content: "now said", parts }));
  expect([found(store, "draft"), found(store, "said")]).toEqual([[], ["s1/1"]]);
  await store.transaction((tx) => tx.messages.complete("s1", 1n, { content: "said otherwise", parts }));
  expect([found(store, "now"), found(store, "otherwise")]).toEqual([[], ["s1/1"]]);
  await store.transaction((tx) => tx.sessions.delete("s1"));
  expect(["answer", "otherwise", "said"].flatMap((word) => found(store, word))).toEqual([]);
});

test("a job that is undone leaves nothing to be found, and takes nothing away", async () => {
  const store = await withSessions();
  await store.transaction((tx) => say(tx, "kept"));
  const undone = store.transaction((tx) => {
    say(tx, "kept too");
    tx.sessions.delete("s1");
    throw new Error("no");
  });
  await expect(undone).rejects.toThrow("no");
  expect(found(store, "kept")).toEqual(["s1/1"]);
});

test("words, phrases, beginnings, accents and case", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    say(tx, "The quick brown fox");
    say(tx, "Un café à Orléans, quick and brown");
    say(tx, "src/store/open.ts failed: ENOENT");
  });
  expect(found(store, "brown QUICK").sort()).toEqual(["s1/1", "s1/2"]);
  expect(found(store, '"quick brown"')).toEqual(["s1/1"]);
  expect(found(store, '"quick bro"*')).toEqual(["s1/1"]);
  expect(found(store, "orleans CAFE")).toEqual(["s1/2"]);
  expect(found(store, "qui")).toEqual([]);
  expect(found(store, "qui* fo*")).toEqual(["s1/1"]);
  expect(found(store, "store/open.ts")).toEqual(["s1/3"]);
  expect(found(store, "open.ts/store")).toEqual([]);
  expect(found(store, "quick nowhere")).toEqual([]);
  expect(found(store, "scope p616c706861")).toEqual([]);
  expect(found(store, "…")).toEqual([]);
});

test("every filter narrows", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    say(tx, "word", { createdAt: 100 });
    say(tx, "word", { createdAt: 200, role: "assistant" });
    say(tx, "word", { createdAt: 300, sessionId: "s2" });
  });
  expect(found(store, "word", { projectName: "beta" })).toEqual(["s2/1"]);
  expect(found(store, "word", { projectName: "bet" })).toEqual([]);
  expect(found(store, "word", { sessionId: "s1" })).toEqual(["s1/2", "s1/1"]);
  expect(found(store, "word", { role: "assistant" })).toEqual(["s1/2"]);
  expect(found(store, "word", { after: 200 })).toEqual(["s2/1", "s1/2"]);
  expect(found(store, "word", { before: 200 })).toEqual(["s1/1"]);
  expect(found(store, "word", { after: 101, before: 300, projectName: "alpha", role: "assistant" })).toEqual([
    "s1/2",
  ]);
  expect(found(store, "word", { sessionId: "s1", projectName: "beta" })).toEqual([]);
});

test("the better comes first, with the words around what was found", async () => {
  const store = await withSessions();
  const filler = Array.from({ length: 40 }, (_, n) => `w${n}`).join(" ");
  await store.transaction((tx) => {
    say(tx, `${filler} needle ${filler}`, { createdAt: 5 });
    say(tx, "Needle, needle");
    for (let n = 0; n < 8; n++) say(tx, filler);
  });
  const { rows, next } = store.read.messages.search({ query: "needle", limit: 5 });
  expect(next).toBeUndefined();
  expect(rows).toEqual([
    expect.objectContaining({ ordinal: 2n, snippet: "«Needle», «needle»" }),
    {
      sessionId: "s1",
      projectName: "alpha",
      ordinal: 1n,
      role: "user",
      createdAt: 5,
      snippet: expect.stringMatching(/^…(w\d+ )+«needle»( w\d+)+…$/),
    },
  ]);
  expect(rows[1]!.snippet.split(" ")).toHaveLength(12);
});

test("pages give each message once, in the order of the first page, while what is said changes every rank", async () => {
  const words = ["a", "b", "c", "d"];
  const message = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 });
  const limits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 25 }), limits, async (messages, sizes) => {
      const store = await withSessions();
      await store.transaction((tx) => messages.forEach((each) => void say(tx, each.join(" "))));
      const query = "a b*";
      const expected = found(store, query);
      expect(expected).toHaveLength(
        messages.filter((each) => each.includes("a") && each.includes("b")).length,
      );
      const seen: string[] = [];
      let afterKey: SearchKey | undefined;
      for (let page = 0; page === 0 || afterKey; page++) {
        const limit = sizes[page % sizes.length]!;
        const { rows, next } = store.read.messages.search({ query, limit, afterKey });
        expect(rows.length).toBeLessThanOrEqual(limit);
        seen.push(...rows.map((hit) => `${hit.sessionId}/${hit.ordinal}`));
        afterKey = next && (JSON.parse(JSON.stringify(next)) as SearchKey);
        await store.transaction((tx) => [
          say(tx, "a b", { sessionId: "s2" }),
          // Next to this, all others are short, and what they say more often counts for more.
          say(tx, "z ".repeat(300), { sessionId: "s2" }),
        ]);
      }
      expect(seen).toEqual(expected);
      await store.close();
    }),
    { numRuns: 40 },
  );
});

test("an order that is not remembered any more is found anew, as is that of another search", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    for (let n = 0; n < 6; n++) say(tx, "word other");
  });
  const { next } = store.read.messages.search({ query: "word", limit: 2 });
  const rest = ["s1/4", "s1/3", "s1/2", "s1/1"];
  expect(found(store, "word", { afterKey: next })).toEqual(rest);
  await store.transaction((tx) => say(tx, "word", { role: "assistant" }));
  expect(found(store, "word", { afterKey: next, role: "assistant" })).toEqual([]);
  for (let n = 0; n < 40; n++) store.read.messages.search({ query: "word", limit: 1 });
  expect(found(store, "word", { afterKey: next })).toEqual(rest);
});

test("a page goes on though the message that the last one ended with is gone", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    addSession(tx, "s3");
    for (const sessionId of ["s1", "s2", "s3"]) say(tx, "word", { sessionId });
  });
  const first = store.read.messages.search({ query: "word", limit: 2 });
  expect(first.rows.map((hit) => hit.sessionId)).toEqual(["s3", "s2"]);
  await store.transaction((tx) => tx.sessions.delete("s2"));
  expect(found(store, "word", { afterKey: first.next })).toEqual(["s1/1"]);
});

test("of very many matches the newest are ranked", async () => {
  const store = await withSessions();
  await store.transaction((tx) => {
    say(tx, "word word word");
    for (let n = 0; n < 10_000; n++) say(tx, "word and more");
  });
  expect(found(store, "word", { limit: 1 })).toEqual(["s1/10001"]);
  expect(found(store, "word", { limit: 1, before: Date.now() + 60_000 })).toEqual(["s1/10001"]);
});

test("the index is what a rebuild would make, whatever was done, and survives a vacuum", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("say"),
      session: fc.nat(2),
      text: fc.string({ unit: "grapheme" }),
      complete: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("complete"),
      session: fc.nat(2),
      text: fc.lorem(),
      ordinal: fc.bigInt({ min: 1n, max: 4n }),
    }),
    fc.record({ kind: fc.constant("delete"), session: fc.nat(2) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { store, writer } = await openWithWriter();
      await store.transaction((tx) => {
        addProject(tx);
        for (let n = 0; n < 3; n++) addSession(tx, `s${n}`);
      });
      for (const each of steps) {
        const sessionId = `s${each.session}`;
        await store.transaction((tx) => {
          if (!tx.sessions.byId(sessionId)) addSession(tx, sessionId);
          if (each.kind === "delete") tx.sessions.delete(sessionId);
          else if ("ordinal" in each)
            tx.messages.complete(sessionId, each.ordinal, { content: each.text, parts });
          else if ("complete" in each) say(tx, each.text, { sessionId, complete: each.complete });
        });
      }
      const check = () =>
        writer.exec("INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)");
      check();
      writer.exec("VACUUM");
      check();
      await store.close();
    }),
    { numRuns: 30 },
  );
});

test("a search sees what a reopened file holds", async () => {
  const store = await withSessions({});
  await store.transaction((tx) => say(tx, "durable"));
  await store.close();
  withRaw(store.file!, (raw) => expect(raw.pragma("quick_check")).toEqual([{ quick_check: "ok" }]));
  const again = await openTemp({ dataDir: dirname(store.file!) });
  expect(found(again, "durable")).toEqual(["s1/1"]);
});
