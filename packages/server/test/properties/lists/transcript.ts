import type { TranscriptMessage } from "@stratavore/proto";
import fc from "fast-check";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { List } from "./list.js";

type Filter = Record<string, never>;

/** The messages of one session, which its runner's owner adds. */
export async function transcriptList(opened: Opened): Promise<List<TranscriptMessage, Filter>> {
  const { sessions } = opened;
  let sessionId = await ownedSession(opened);
  return {
    filters: fc.constant({}),
    anew: async () => {
      sessionId = await ownedSession(opened);
    },
    async page(_, { limit, ...request }) {
      const { messages: rows, nextPageToken } = await sessions.getSessionTranscript({
        sessionId,
        pageSize: limit,
        ...request,
      });
      return { rows, nextPageToken };
    },
    matches: () => true,
    idOf: ({ ordinal, content }) => `${ordinal} ${content}`,
    compare: (one, other) => Number(one.ordinal - other.ordinal),
    async insert(n) {
      const messages = Array.from({ length: 1 + (n % 3) }, (_, index) => ({
        role: index === 0 ? "user" : "assistant",
        content: `message ${n}.${index}`,
      }));
      await sessions.appendTranscript({ sessionId, messages });
    },
  };
}

/** A session of a runner that its owner runs. */
export async function ownedSession({ runners, sessions }: Opened, projectName = "web"): Promise<string> {
  const { runner } = await runners.createRunner({ projectName, external: true });
  const { session } = await sessions.createSession({ runnerId: runner!.id });
  return session!.id;
}
