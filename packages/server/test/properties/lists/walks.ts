import { EventType } from "@stratavore/proto";
import { expect } from "vitest";
import type { Clients } from "../../rpc/fixture/stratavore.js";
import { all, type List } from "./list.js";

/** What happens to a list between two of its pages. */
export interface Meanwhile {
  insert: number;
  disturb: number;
}

let counter = 0;

/** Adds rows, and takes some away. */
export async function happen<Row, Filter>(list: List<Row, Filter>, meanwhile: Meanwhile): Promise<void> {
  for (let n = 0; n < meanwhile.insert; n++) await list.insert(counter++);
  for (let n = 0; n < meanwhile.disturb; n++) await list.disturb?.(counter++);
}

/** Everything that passes, in the order of the list; by the filter's meaning, not by the filter. */
async function whole<Row, Filter>(list: List<Row, Filter>, filter: Filter): Promise<Row[]> {
  const rows = (await list.everything?.()) ?? (await unfiltered(list));
  const { compare } = list;
  if (compare !== undefined) {
    for (const [index, row] of rows.slice(1).entries()) {
      expect(compare(rows[index]!, row), "order").toBeLessThan(0);
    }
  }
  return rows.filter((row) => list.matches(row, filter));
}

async function unfiltered<Row, Filter>(list: List<Row, Filter>): Promise<Row[]> {
  const { rows, nextPageToken } = await list.page({} as Filter, { limit: all });
  expect(nextPageToken).toBe("");
  return rows;
}

/** Each row that is there the whole time comes once, in order, whatever is added and taken away between the pages. */
export async function walkByToken<Row, Filter>(
  list: List<Row, Filter>,
  filter: Filter,
  limit: number,
  meanwhile: readonly Meanwhile[],
): Promise<void> {
  const before = (await whole(list, filter)).map(list.idOf);
  const seen: string[] = [];
  let pageToken = "";
  for (let pages = 0; pages === 0 || pageToken !== ""; pages++) {
    const now = (await whole(list, filter)).length;
    const page = await list.page(filter, { limit, pageToken });
    if (page.totalCount !== undefined) expect(page.totalCount).toBe(now);
    if (page.hasMore !== undefined) expect(page.hasMore).toBe(page.nextPageToken !== "");
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    if (page.nextPageToken !== "") expect(page.rows.length).toBe(limit);
    seen.push(...page.rows.map(list.idOf));
    pageToken = page.nextPageToken;
    const next = meanwhile[pages];
    if (next !== undefined) await happen(list, next);
  }
  const after = new Set((await whole(list, filter)).map(list.idOf));
  const stayed = before.filter((id) => after.has(id));
  expect(new Set(seen).size, "rows that came twice").toBe(seen.length);
  const kept = seen.filter((id) => stayed.includes(id));
  if (list.compare !== undefined) expect(kept, "rows that were there the whole time").toEqual(stayed);
  else expect(kept.sort(), "rows that were there the whole time").toEqual(stayed.sort());
}

/** In a list that nobody changes, offsets come to the same rows. */
export async function walkByOffset<Row, Filter>(
  list: List<Row, Filter>,
  filter: Filter,
  limit: number,
): Promise<void> {
  const expected = (await whole(list, filter)).map(list.idOf);
  const seen: string[] = [];
  for (let offset = 0; offset <= expected.length; offset += limit) {
    const page = await list.page(filter, { limit, offset });
    const hasMore = offset + limit < expected.length;
    expect(page).toMatchObject({ totalCount: expected.length, hasMore });
    expect(page.nextPageToken !== "").toBe(hasMore);
    seen.push(...page.rows.map(list.idOf));
  }
  expect(seen).toEqual(expected);
}

/** Rows that are added while a list is read are in it, or in the stream that begins where it was read, and never in both. */
export async function listThenWatch<Row, Filter>(
  list: List<Row, Filter>,
  { runners }: Clients,
  inserts: number,
): Promise<void> {
  const { filter, type, idOf } = list.added!;
  const before = new Set((await whole(list, filter)).map(list.idOf));
  const isNew = (id: string) => !before.has(id);
  const inserting = Promise.all(Array.from({ length: inserts }, () => list.insert(counter++)));
  const { rows, asOfEventId } = await list.page(filter, { limit: all });
  await inserting;
  const watched: string[] = [];
  const request = { afterEventId: asOfEventId!, eventTypes: [type], bookmarks: true };
  for await (const event of runners.streamRunnerEvents(request)) {
    if (event.eventType === EventType.BOOKMARK) break;
    watched.push(idOf(event));
  }
  const added = (await whole(list, filter)).map(list.idOf).filter(isNew);
  expect(added.length).toBeGreaterThanOrEqual(inserts);
  expect([...rows.map(list.idOf).filter(isNew), ...watched].sort()).toEqual(added.sort());
}
