import { expect, test } from "vitest";
import { type Opened, open, project, runner, session } from "./fixture/stratavore.js";

/** One kind of list: how its rows are made, and how a page of it is asked for. */
interface List {
  make: (opened: Opened, n: number) => Promise<string>;
  page: (
    opened: Opened,
    request: { limit: number; offset?: number; pageToken?: string },
  ) => Promise<{ ids: string[]; totalCount: number; hasMore: boolean; nextPageToken: string }>;
}

const lists: Record<string, List> = {
  projects: {
    async make({ projects, folder }, n) {
      // Names in an order of their own: what is added comes before and after the place that a page has reached.
      const name = `p${(n * 7) % 31}`;
      await projects.createProject({ name, path: folder });
      return name;
    },
    async page({ projects }, request) {
      const page = await projects.listProjects(request);
      return { ...page, ids: page.projects.map(({ name }) => name) };
    },
  },
  runners: {
    make: (opened) => runner(opened, { agent: "exec", args: ["true"] }),
    async page({ runners }, request) {
      const page = await runners.listRunners(request);
      return { ...page, ids: page.runners.map(({ id }) => id) };
    },
  },
  sessions: {
    async make({ runners, sessions }) {
      const { runners: all } = await runners.listRunners({ limit: 1 });
      return (await sessions.createSession({ runnerId: all[0]!.id })).session!.id;
    },
    async page({ sessions }, request) {
      const page = await sessions.listSessions(request);
      return { ...page, ids: page.sessions.map(({ id }) => id) };
    },
  },
};

const rows = 7;

async function filled(name: string, { make }: List): Promise<{ opened: Opened; made: string[] }> {
  const opened = await open();
  if (name === "sessions") {
    const { sessionId } = await session(opened);
    const made = [sessionId];
    for (let n = 1; n < rows; n++) made.push(await make(opened, n));
    return { opened, made };
  }
  if (name === "runners") await project(opened);
  const made: string[] = [];
  for (let n = 0; n < rows; n++) made.push(await make(opened, n));
  return { opened, made };
}

test.each(Object.entries(lists))("%s: tokens walk the list once while rows are added", async (name, list) => {
  const { opened, made } = await filled(name, list);
  const seen: string[] = [];
  let pageToken = "";
  let pages = 0;
  do {
    const page = await list.page(opened, { limit: 2, pageToken });
    expect(page.hasMore).toBe(page.nextPageToken !== "");
    expect(page.totalCount).toBe(rows + pages);
    seen.push(...page.ids);
    await list.make(opened, rows + pages);
    pageToken = page.nextPageToken;
    pages++;
  } while (pageToken !== "" && pages < 20);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((id) => made.includes(id)).sort()).toEqual([...made].sort());
});

test.each(Object.entries(lists))(
  "%s: offsets walk a quiet list once, in the same order",
  async (name, list) => {
    const { opened, made } = await filled(name, list);
    const whole = await list.page(opened, { limit: 0 });
    expect(whole).toMatchObject({ totalCount: rows, hasMore: false, nextPageToken: "" });
    expect([...whole.ids].sort()).toEqual([...made].sort());
    const seen: string[] = [];
    for (let offset = 0; offset < rows; offset += 3) {
      const page = await list.page(opened, { limit: 3, offset });
      expect(page).toMatchObject({ totalCount: rows, hasMore: offset + 3 < rows });
      seen.push(...page.ids);
    }
    expect(seen).toEqual(whole.ids);
    expect(await list.page(opened, { limit: 3, offset: 100 })).toMatchObject({ ids: [], hasMore: false });
  },
);
