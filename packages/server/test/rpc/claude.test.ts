import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { CostBasis, RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, type Opened, open, project } from "./fixture/stratavore.js";

const program = fileURLToPath(new URL("fixture/claude.mjs", import.meta.url));
const command = [process.execPath, program];

/** A server whose Claude Code is a program of ours, and a project. */
async function house(): Promise<Opened> {
  const profile = { name: "claude", title: "Claude Code", protocol: "claude", command } as const;
  const lost = { ...profile, name: "lost", command: [...command, "--lost"] };
  const opened = await open({ agents: [profile, lost] });
  await project(opened);
  return opened;
}

async function talking(opened: Opened, more: object = {}) {
  const { runner, warnings } = await opened.runners.createRunner({
    projectName: "web",
    spec: { agent: "claude" },
    ...more,
  });
  const { session } = await opened.sessions.createSession({ runnerId: runner!.id });
  return { runnerId: runner!.id, session: session!, warnings };
}

/** What the program was started with, as it answers. */
async function started(opened: Opened, sessionId: string) {
  await converse(opened, sessionId, "hi");
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  return JSON.parse(messages.at(-1)!.content) as { args: string[]; model?: string; limit: string };
}

const argument = ({ args }: { args: string[] }, name: string) =>
  args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);

test("the model and the limit of tokens are passed on, a retired model as today's", async () => {
  const opened = await house();
  const asked = { model: "claude-3-haiku", maxTokens: 900, temperature: 0.5 };
  const { runnerId, session, warnings } = await talking(opened, asked);
  expect(warnings).toEqual([
    expect.stringContaining("temperature was recorded but not applied"),
    "the model claude-3-haiku is retired; Claude Code runs its current haiku",
  ]);
  expect(await started(opened, session.id)).toMatchObject({ model: "haiku", limit: "900" });
  const { runner } = await opened.runners.getRunner({ runnerId });
  expect(runner).toMatchObject({ model: "claude-3-haiku", effectiveModel: "haiku-now" });
  expect(runner?.usage).toMatchObject({
    inputTokens: 3n,
    costNanos: 500_000_000n,
    costBasis: CostBasis.REPORTED,
  });
});

test("arguments are the caller's, but for those that decide on the conversation", async () => {
  const opened = await house();
  const create = (...args: string[]) =>
    opened.runners.createRunner({ projectName: "web", spec: { agent: "claude", args } });
  expect(await failureOf(create("--resume=x"))).toMatchObject({ code: Code.InvalidArgument });
  const { session } = await talking(opened, { spec: { agent: "claude", args: ["--max-turns=3"] } });
  const { args } = await started(opened, session.id);
  expect(args.slice(0, 2)).toEqual(["--max-turns=3", "-p"]);
});

test("a process holds one session, and takes up another one only at its start", async () => {
  const opened = await house();
  const { runnerId, session } = await talking(opened);
  const oneSession = { code: Code.FailedPrecondition, reason: "ONE_SESSION" };
  expect(await failureOf(opened.sessions.createSession({ runnerId }))).toMatchObject(oneSession);
  const other = await talking(opened);
  await opened.runners.stopRunner({ runnerId: other.runnerId });
  const resumed = opened.sessions.resumeSession({ sessionId: other.session.id, runnerId });
  expect(await failureOf(resumed)).toMatchObject(oneSession);
  await opened.sessions.endSession({ sessionId: session.id });
  expect(await failureOf(opened.sessions.createSession({ runnerId }))).toMatchObject(oneSession);
});

test("a session goes on where a new process resumes it, under its id, and a copy under a new one", async () => {
  const opened = await house();
  const { runnerId, session } = await talking(opened);
  const first = argument(await started(opened, session.id), "--session-id");
  expect(first).toBeDefined();
  await opened.runners.restartRunner({ runnerId, preserveSession: true });
  const idle = async () => (await opened.sessions.getSession({ sessionId: session.id })).session?.status;
  await expect.poll(idle).toBe(SessionStatus.IDLE);
  const again = await started(opened, session.id);
  expect([argument(again, "--resume"), argument(again, "--session-id")]).toEqual([first, undefined]);

  const { session: copy } = await opened.sessions.resumeSession({ sessionId: session.id, fork: true });
  const forked = await started(opened, copy!.id);
  expect(argument(forked, "--resume")).toBe(first);
  expect(forked.args).toContain("--fork-session");
  expect(argument(forked, "--session-id")).not.toBe(first);

  await opened.runners.stopRunner({ runnerId });
  const { runner } = await opened.sessions.resumeSession({ sessionId: session.id });
  expect(runner?.id).not.toBe(runnerId);
  expect(argument(await started(opened, session.id), "--resume")).toBe(first);
});

test("a session in which nothing was said begins anew under its id", async () => {
  const opened = await house();
  const { runnerId, session } = await talking(opened);
  await opened.runners.stopRunner({ runnerId });
  await opened.sessions.resumeSession({ sessionId: session.id });
  const { args } = await started(opened, session.id);
  expect(args.some((arg) => arg.startsWith("--resume"))).toBe(false);
  expect(args.some((arg) => arg.startsWith("--session-id="))).toBe(true);
});

test("a program that refuses to start says why", async () => {
  const opened = await house();
  const { runner } = await opened.runners.createRunner({ projectName: "web", spec: { agent: "lost" } });
  const statuses = [RunnerStatus.RUNNING, RunnerStatus.FAILED];
  const ended = await opened.runners.waitRunner({ runnerId: runner!.id, statuses });
  expect(ended.runner).toMatchObject({ status: RunnerStatus.FAILED });
  expect(ended.runner?.reason).toContain("Claude Code did not start: No conversation found");
});
