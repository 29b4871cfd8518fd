import { converse, type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { type Row, row } from "../../row.js";
import { conversation, sleeper } from "../agents.js";
import { asked } from "./approvals.js";

interface Page {
  nextPageToken: string;
}

/** A list that is read in pages of one. */
const paged = <Answer extends Page>(
  rpc: string,
  make: (server: Opened) => Promise<unknown>,
  list: (server: Opened, given: object) => Promise<Answer>,
  first: unknown,
  second: unknown,
  what: (answer: Answer) => unknown,
): Row =>
  row({
    rpc,
    field: "page_token",
    unset: ["the first page", first],
    set: ["the page after the one that gave it", second],
    value: (token: string) => ({ pageToken: token }),
    async prepare(server) {
      await make(server);
      return (await list(server, {})).nextPageToken;
    },
    see: async (server, given) => what(await list(server, given)),
  });

/** Two projects, each with a session in which one thing was said. */
async function talks(server: Opened): Promise<void> {
  for (const name of ["a", "b"]) {
    await project(server, name);
    await converse(server, await conversation(server, name), `!say ${name}`);
  }
}

async function projects(server: Opened): Promise<void> {
  for (const name of ["a", "b"]) await project(server, name);
}

async function runners(server: Opened): Promise<void> {
  await projects(server);
  for (const projectName of ["a", "b"]) await server.runners.createRunner({ projectName, spec: sleeper });
}

export const pageTokens: readonly Row[] = [
  paged(
    "ListRunners",
    runners,
    (server, given) => server.runners.listRunners({ limit: 1, ...given }),
    ["b"],
    ["a"],
    (answer) => answer.runners.map(({ projectName }) => projectName),
  ),
  paged(
    "ListProjects",
    projects,
    (server, given) => server.projects.listProjects({ limit: 1, ...given }),
    ["a"],
    ["b"],
    (answer) => answer.projects.map(({ name }) => name),
  ),
  paged(
    "ListSessions",
    talks,
    (server, given) => server.sessions.listSessions({ limit: 1, ...given }),
    ["b"],
    ["a"],
    (answer) => answer.sessions.map(({ projectName }) => projectName),
  ),
  paged(
    "ListApprovals",
    async (server) => {
      for (const name of ["a", "b"]) {
        await project(server, name);
        await asked(server, name);
      }
    },
    (server, given) => server.approvals.listApprovals({ limit: 1, ...given }),
    ["a"],
    ["b"],
    (answer) => answer.approvals.map(({ projectName }) => projectName),
  ),
  paged(
    "SearchTranscripts",
    async (server) => {
      await project(server);
      await converse(server, await conversation(server, "web"), "!say needle");
    },
    (server, given) => server.sessions.searchTranscripts({ query: "needle", limit: 1, ...given }),
    ["assistant"],
    ["user"],
    (answer) => answer.hits.map(({ role }) => role),
  ),
];
