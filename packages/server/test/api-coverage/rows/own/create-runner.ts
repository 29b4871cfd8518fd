import { PermissionMode, RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { converse, type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../../row.js";
import { echo, permissionOutcome, printed, sleeper } from "../agents.js";
import { forks } from "../resume-session.js";

const rpc = "CreateRunner";

const prepare = (server: Opened) => project(server);

const specOf = (given: object): object => ("spec" in given ? (given.spec as object) : {});

const create = async ({ runners }: Opened, given: object, spec: object) =>
  (await runners.createRunner({ projectName: "web", ...given, spec: { ...spec, ...specOf(given) } })).runner!;

type Field = Pick<Row, "unset" | "set" | "see" | "options">;

const ofSpec = (field: string, value: object, of: Field): Row =>
  row({ rpc, field: `spec.${field}`, value: { spec: value }, prepare, ...of });

/** A runner of the demo agent that is asked for something more. */
const demoWith = async (server: Opened, given: object) => {
  const { id } = await create(server, given, { agent: "demo" });
  await server.runners.waitRunner({ runnerId: id, statuses: [RunnerStatus.RUNNING] });
  return id;
};

const sessionOf = async ({ runners }: Opened, runnerId: string) =>
  (await runners.getRunner({ runnerId })).runner!.sessionId;

/** A session that is on no runner. */
async function resumable(server: Opened): Promise<string> {
  await project(server);
  const { runner } = await server.runners.createRunner({ projectName: "web", spec: { agent: "forks" } });
  const runnerId = runner!.id;
  await server.runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
  const { session } = await server.sessions.createSession({ runnerId });
  await converse(server, session!.id, "!say before");
  await server.runners.stopRunner({ runnerId, force: true });
  return session!.id;
}

export const ownOfCreateRunner: readonly Row[] = [
  row({
    rpc,
    field: "spec",
    unset: [
      "refused, unless the project or the daemon names an agent",
      "FAILED_PRECONDITION AGENT_NOT_CHOSEN",
    ],
    set: ["the agent runs as it says", "exec"],
    value: { spec: sleeper },
    prepare,
    see: ({ runners }, given) =>
      outcomeOf(runners.createRunner({ projectName: "web", ...given }), ({ runner }) => runner?.agent),
  }),
  ofSpec(
    "agent",
    { agent: "exec" },
    {
      unset: ["refused, unless the project or the daemon names one", "FAILED_PRECONDITION AGENT_NOT_CHOSEN"],
      set: ["that agent runs", "exec"],
      see: (server, given) =>
        outcomeOf(create(server, given, { args: ["sleep", "600"] }), ({ agent }) => agent),
    },
  ),
  ofSpec(
    "prompt",
    { prompt: "!say hello" },
    {
      unset: ["no session is opened", 0],
      set: ["a session is opened with it", 2],
      async see(server, given) {
        const runnerId = await demoWith(server, given);
        const count = async () => {
          const { sessions } = await server.sessions.listSessions({ runnerId });
          return Number(sessions[0]?.messageCount ?? 0n);
        };
        if ("spec" in given) await expect.poll(count).toBe(2);
        return await count();
      },
    },
  ),
  ofSpec(
    "permission_mode",
    { permissionMode: PermissionMode.DENY },
    {
      unset: ["what the agent asks for waits for a person", "waits"],
      set: ["it is answered", expect.stringMatching(/reject/)],
      async see(server, given) {
        const runnerId = await demoWith(server, given);
        const { session } = await server.sessions.createSession({ runnerId });
        return await permissionOutcome(server, session!.id);
      },
    },
  ),
  ofSpec(
    "environment",
    { environment: { GREETING: { source: { case: "plain", value: "hello" } } } },
    {
      unset: ["the agent does not have the variable", "[]"],
      set: ["the agent has the variable", "[hello]"],
      see: (server, given) =>
        printed(server, "web", { agent: "exec", args: ["sh", "-c", 'echo "[$GREETING]"'], ...specOf(given) }),
    },
  ),
  ofSpec(
    "mcp_servers",
    { mcpServers: [{ name: "tools", command: ["tools"] }] },
    {
      unset: ["its sessions have no MCP servers", false],
      set: ["its sessions are opened with them", true],
      async see(server, given) {
        const runnerId = await demoWith(server, given);
        const { session } = await server.sessions.createSession({ runnerId });
        await converse(server, session!.id, "!session");
        const { messages } = await server.sessions.getSessionTranscript({ sessionId: session!.id });
        return messages.at(-1)!.content.includes('"tools"');
      },
    },
  ),
  ofSpec(
    "args",
    { args: ["mine"] },
    {
      options: { agents: [echo] },
      unset: ["the agent's own arguments", ""],
      set: ["these behind them", "mine"],
      see: (server, given) => printed(server, "web", { agent: "echo", ...specOf(given) }),
    },
  ),
  row({
    rpc,
    field: "spec.resume_session_id",
    unset: ["no session", "none"],
    set: ["that session goes on", "that one"],
    options: { agents: [forks] },
    value: (sessionId: string) => ({ spec: { resumeSessionId: sessionId } }),
    prepare: resumable,
    async see(server, given, sessionId) {
      const { id } = await create(server, given, { agent: "forks" });
      await server.runners.waitRunner({ runnerId: id, statuses: [RunnerStatus.RUNNING] });
      if ("spec" in given) await expect.poll(() => sessionOf(server, id)).not.toBe("");
      const found = await sessionOf(server, id);
      return found === sessionId ? "that one" : found || "none";
    },
  }),
  row({
    rpc,
    field: "spec.fork_session",
    unset: ["the session itself goes on", "itself"],
    set: ["a copy of it goes on", "a copy"],
    options: { agents: [forks] },
    value: { spec: { forkSession: true } },
    prepare: resumable,
    async see(server, given, resumeSessionId) {
      const { id } = await create(server, given, { agent: "forks", resumeSessionId });
      await expect.poll(() => sessionOf(server, id)).not.toBe("");
      return (await sessionOf(server, id)) === resumeSessionId ? "itself" : "a copy";
    },
  }),
  ofSpec(
    "title",
    { title: "Night job" },
    {
      unset: ["none", ""],
      set: ["the runner shows it", "Night job"],
      see: async (server, given) => (await create(server, given, sleeper)).spec!.title,
    },
  ),
  ofSpec(
    "input",
    { input: true },
    {
      unset: ["a program reads nothing, and takes no messages", "FAILED_PRECONDITION NO_INPUT"],
      set: ["it takes messages", "taken"],
      async see(server, given) {
        const { id } = await create(server, given, sleeper);
        await server.runners.waitRunner({ runnerId: id, statuses: [RunnerStatus.RUNNING] });
        const sessionId = await sessionOf(server, id);
        return await outcomeOf(server.sessions.sendMessage({ sessionId, text: "hi" }), () => "taken");
      },
    },
  ),
  row({
    rpc,
    field: "external",
    unset: ["the agent is started", RunnerStatus.RUNNING],
    set: ["nothing is started; its owner's Heartbeat is waited for", RunnerStatus.STARTING],
    value: { external: true },
    prepare,
    async see(server, given) {
      const { id: runnerId, external } = await create(server, given, sleeper);
      if (!external) await server.runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
      return (await server.runners.getRunner({ runnerId })).runner!.status;
    },
  }),
  row({
    rpc,
    field: "heartbeat_ttl",
    unset: ["an external runner may be silent for a minute", 60n],
    set: ["it may be silent for so long", 5n],
    value: { heartbeatTtl: { seconds: 5n } },
    prepare,
    async see(server, given) {
      const { runner } = await server.runners.createRunner({ projectName: "web", external: true, ...given });
      const answer = await server.runners.getRunner({ runnerId: runner!.id, includeMetrics: true });
      return answer.metrics!.heartbeatTtl!.seconds;
    },
  }),
  row({
    rpc: "ResumeSession",
    field: "request_id",
    unset: ["each call counts", 2],
    set: ["a call that is repeated counts once, and has the first answer", 1],
    options: { agents: [forks] },
    value: { requestId: "once" },
    prepare: resumable,
    async see({ sessions }, given, sessionId) {
      const fork = async () =>
        (await sessions.resumeSession({ sessionId, fork: true, ...given })).session!.id;
      return new Set([await fork(), await fork()]).size;
    },
  }),
];
