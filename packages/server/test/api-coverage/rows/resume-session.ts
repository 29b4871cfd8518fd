import { RunnerStatus } from "@stratavore/proto";
import { agentEnvironment, agentProgram } from "@stratavore/testkit";
import type { AgentProfile } from "../../../src/agents/index.js";
import { converse, type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

const rpc = "ResumeSession";

/** The testkit's agent, which can continue copies as well. */
export const forks: AgentProfile = {
  name: "forks",
  title: "forks",
  protocol: "acp",
  command: [agentProgram.command, ...agentProgram.args],
  environment: agentEnvironment({ script: { capabilities: { fork: true } }, delayMs: 0 }),
};

async function running({ runners }: Opened): Promise<string> {
  const { runner } = await runners.createRunner({ projectName: "web", spec: { agent: "forks" } });
  await runners.waitRunner({ runnerId: runner!.id, statuses: [RunnerStatus.RUNNING] });
  return runner!.id;
}

interface Talk {
  sessionId: string;
  first: string;
  other: string;
}

/** A session whose runner was stopped, and another runner that is live. */
async function interrupted(server: Opened): Promise<Talk> {
  await project(server);
  const [first, other] = [await running(server), await running(server)];
  const { session } = await server.sessions.createSession({ runnerId: first });
  const sessionId = session!.id;
  await converse(server, sessionId, "!say before");
  await server.runners.stopRunner({ runnerId: first, force: true });
  return { sessionId, first, other };
}

/** Goes on with a session; what its agent has said in it, from the beginning. */
async function goOn(server: Opened, sessionId: string): Promise<string[]> {
  await converse(server, sessionId, "!say after");
  return await said(server, sessionId);
}

async function said(server: Opened, sessionId: string): Promise<string[]> {
  const { messages } = await server.sessions.getSessionTranscript({ sessionId });
  return messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
}

const options = { agents: [forks] };

export const resumeSession: readonly Row[] = [
  row({
    rpc,
    field: "session_id",
    unset: ["refused", "INVALID_ARGUMENT session_id"],
    set: ["that session goes on where it stopped", ["before", "after"]],
    options,
    value: ({ sessionId }: Talk) => ({ sessionId }),
    prepare: interrupted,
    async see(server, given) {
      const { session } = await server.sessions.resumeSession(given);
      return await goOn(server, session!.id);
    },
  }),
  row({
    rpc,
    field: "runner_id",
    unset: ["on a new runner", "a new one"],
    set: ["on that runner", "the other"],
    options,
    value: ({ other }: Talk) => ({ runnerId: other }),
    prepare: interrupted,
    async see(server, given, { sessionId, first, other }) {
      const { runner } = await server.sessions.resumeSession({ sessionId, ...given });
      const { id } = runner!;
      if (id === other) return "the other";
      await server.runners.stopRunner({ runnerId: id, force: true });
      return id === first ? "the first" : "a new one";
    },
  }),
  row({
    rpc,
    field: "fork",
    unset: ["the session itself goes on", ["itself", ["before", "after"], ["before", "after"]]],
    set: [
      "a copy goes on, and the session stays as it is",
      ["a copy", ["before", "after", "after"], ["before", "after"]],
    ],
    options,
    value: { fork: true },
    prepare: interrupted,
    async see(server, given, { sessionId }) {
      const { session } = await server.sessions.resumeSession({ sessionId, ...given });
      const which = session!.id === sessionId ? "itself" : "a copy";
      return [which, await goOn(server, session!.id), await said(server, sessionId)];
    },
  }),
];
