import fc from "fast-check";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import type { List } from "./list.js";
import { ownedSession } from "./transcript.js";

interface Filter {
  query: string;
  projectName?: string;
  sessionId?: string;
  role?: string;
}

/** A message that is found, or was said. */
interface Message {
  sessionId: string;
  projectName: string;
  ordinal: bigint;
  role: string;
}

const words = ["fox", "hare", "hound", "owl", "otter"];
const roles = ["user", "assistant", "system"];

/** What a query is to find, by the meaning of the request's comments. */
const finds: Record<string, (said: string) => boolean> = {
  fox: (said) => said.includes("fox"),
  "hare fox": (said) => said.includes("fox") && said.includes("hare"),
  "o*": (said) => /\bo/.test(said),
  '"fox hare"': (said) => said.includes("fox hare"),
};

/** Messages of several sessions, with words and of lengths that differ, so that each that is added changes the ranks. */
export async function searchList(opened: Opened): Promise<List<Message, Filter>> {
  const { sessions } = opened;
  await project(opened, "api");
  const places = await Promise.all(
    ["web", "web", "api"].map(async (projectName) => ({
      projectName,
      sessionId: await ownedSession(opened, projectName),
    })),
  );
  const said: (Message & { content: string })[] = [];
  return {
    filters: fc.record(
      {
        query: fc.constantFrom(...Object.keys(finds)),
        projectName: fc.constantFrom("web", "api", "none"),
        sessionId: fc.constantFrom(...places.map(({ sessionId }) => sessionId)),
        role: fc.constantFrom(...roles),
      },
      { requiredKeys: ["query"] },
    ),
    async page(filter, request) {
      const { hits, nextPageToken } = await sessions.searchTranscripts({ ...filter, ...request });
      return { rows: hits, nextPageToken };
    },
    everything: async () => said,
    matches: (row, { query, projectName, sessionId, role }) =>
      finds[query]!(contentOf(row)) &&
      (projectName === undefined || row.projectName === projectName) &&
      (sessionId === undefined || row.sessionId === sessionId) &&
      (role === undefined || row.role === role),
    idOf: ({ sessionId, ordinal }) => `${sessionId} ${ordinal}`,
    async insert(n) {
      const place = places[n % places.length]!;
      const role = roles[n % 4 === 0 ? 0 : 1 + (n % 2)]!;
      const content = Array.from(
        { length: 1 + ((n * 37) % 23) },
        (_, at) => words[(n * (at + 1) + at) % 5],
      ).join(" ");
      const { lastOrdinal } = await sessions.appendTranscript({
        sessionId: place.sessionId,
        messages: [{ role, content }],
      });
      said.push({ ...place, role, ordinal: lastOrdinal, content });
    },
  };
}

const contentOf = (row: Message) => (row as Message & { content: string }).content;
