import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import type { AgentProfile } from "../../../src/agents/index.js";
import type { Opened } from "../../rpc/fixture/stratavore.js";

/** Prints its arguments and ends. */
export const echo: AgentProfile = {
  name: "echo",
  title: "echo",
  protocol: "exec",
  command: ["echo"],
};

/** A program that stays, and costs little. */
export const sleeper = { agent: "exec", args: ["sleep", "600"] };

/** Starts a program and tells what it has printed when it ends. */
export async function printed(server: Opened, projectName: string, spec: object): Promise<string> {
  const { runner } = await server.runners.createRunner({ projectName, spec });
  const runnerId = runner!.id;
  await server.runners.waitRunner({ runnerId });
  const { sessions } = await server.sessions.listSessions({ runnerId });
  const { messages } = await server.sessions.getSessionTranscript({ sessionId: sessions[0]!.id });
  return messages
    .map(({ content }) => content)
    .join("")
    .trim();
}

/** A runner of the demo agent, once it is RUNNING. */
export async function demo(server: Opened, projectName: string, more: object = {}): Promise<string> {
  const { runner } = await server.runners.createRunner({ projectName, spec: { agent: "demo" }, ...more });
  await server.runners.waitRunner({ runnerId: runner!.id, statuses: [RunnerStatus.RUNNING] });
  return runner!.id;
}

/** A session on a new runner of the demo agent. */
export async function conversation(server: Opened, projectName: string): Promise<string> {
  const { session } = await server.sessions.createSession({ runnerId: await demo(server, projectName) });
  return session!.id;
}

/** What becomes of an agent's request for permission: it waits for a person, or what the agent says then. */
export async function permissionOutcome(server: Opened, sessionId: string): Promise<string> {
  await server.sessions.sendMessage({ sessionId, text: "!permission" });
  const outcome = async () => {
    const { approvals } = await server.approvals.listApprovals({ sessionId });
    if (approvals.length > 0 && approvals[0]!.resolvedAt === undefined) return "waits";
    const { session } = await server.sessions.getSession({ sessionId });
    if (session?.latestTurn?.endedAt === undefined) return undefined;
    const { messages } = await server.sessions.getSessionTranscript({ sessionId });
    return messages.at(-1)!.content;
  };
  await expect.poll(outcome).toBeDefined();
  return (await outcome())!;
}

/** The first word of each warning: the field that it is about. */
export const warnedOf = (warnings: readonly string[]): string[] =>
  warnings.map((warning) => warning.split(/[ :]/)[0]!);

/** A program that puts its things away when it is asked to end, for which it takes some seconds. */
export async function tidy(server: Opened, seconds: number) {
  const { totalCount } = await server.runners.listRunners({});
  const [ready, done] = [`ready-${totalCount}`, `done-${totalCount}`].map((name) =>
    join(server.folder, name),
  );
  const script = `trap 'sleep ${seconds}; touch ${done}; exit 0' TERM; touch ${ready}; while :; do sleep 0.1; done`;
  const { runner } = await server.runners.createRunner({
    projectName: "web",
    spec: { agent: "exec", args: ["sh", "-c", script] },
  });
  await expect.poll(() => existsSync(ready!)).toBe(true);
  return { runnerId: runner!.id, isDone: () => existsSync(done!) };
}
