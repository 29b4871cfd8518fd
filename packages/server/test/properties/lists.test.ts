import fc from "fast-check";
import { describe, test } from "vitest";
import { type Opened, open, project } from "../rpc/fixture/stratavore.js";
import { approvalList } from "./lists/approvals.js";
import type { List } from "./lists/list.js";
import { projectList } from "./lists/projects.js";
import { runnerList } from "./lists/runners.js";
import { searchList } from "./lists/search.js";
import { sessionList } from "./lists/sessions.js";
import { transcriptList } from "./lists/transcript.js";
import { happen, listThenWatch, type Meanwhile, walkByOffset, walkByToken } from "./lists/walks.js";
import { holds } from "./runs.js";

type AnyList = List<unknown, object>;

const lists = {
  projects: projectList,
  runners: runnerList,
  sessions: sessionList,
  approvals: approvalList,
  "a transcript": transcriptList,
  "a search": searchList,
};

async function listOf(name: keyof typeof lists): Promise<{ opened: Opened; list: AnyList }> {
  const opened = await open();
  await project(opened);
  return { opened, list: (await lists[name](opened)) as AnyList };
}

/** Filters of any number of fields, and as often of one at most, which more rows pass. */
const filtersOf = ({ filters }: AnyList) =>
  fc.oneof(
    filters,
    filters.map((filter) => Object.fromEntries(Object.entries(filter).slice(0, 1))),
  );

const withinMs = 4_000;
const rows = { insert: 16, disturb: 0 };
const limit = fc.integer({ min: 1, max: 6 });
const meanwhile: fc.Arbitrary<Meanwhile[]> = fc.array(
  fc.record({ insert: fc.nat({ max: 2 }), disturb: fc.nat({ max: 2 }) }),
  { maxLength: 8 },
);

test.each(Object.keys(lists) as (keyof typeof lists)[])(
  "the list of %s gives each row once by page tokens, while others are added and taken away",
  async (name) => {
    const { list } = await listOf(name);
    await happen(list, rows);
    const walks = fc.tuple(filtersOf(list), limit, meanwhile);
    await holds({ runs: 12, withinMs }, walks, async ([filter, size, changes]) => {
      if (list.anew !== undefined) {
        await list.anew();
        await happen(list, rows);
      }
      await walkByToken(list, filter, size, changes);
    });
  },
);

describe.each(["projects", "runners", "sessions"] as const)("the list of %s", (name) => {
  test("gives the same by offsets while nothing changes", async () => {
    const { list } = await listOf(name);
    await happen(list, rows);
    const walks = fc.tuple(filtersOf(list), limit);
    await holds({ runs: 20, withinMs }, walks, ([filter, size]) => walkByOffset(list, filter, size));
  });

  test("and a stream from where it was read tell of each row that is added", async () => {
    const { opened, list } = await listOf(name);
    const inserts = fc.integer({ min: 1, max: 8 });
    await holds({ runs: 8, withinMs }, inserts, (count) => listThenWatch(list, opened, count));
  });
});
