import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kill } from "node:process";
import { Code } from "@connectrpc/connect";
import { RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { answer, call, claudeHouse, over, say, talking } from "./fixture/claude.js";

/** How many messages the model was sent with the last request, by which it shows what it remembers. */
const remembered = ({ api }: Awaited<ReturnType<typeof claudeHouse>>) =>
  JSON.stringify(api.log.entries.findLast(({ kind }) => kind === "answer")?.body);

test("a process is its session: another one needs another runner", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  await expect(house.sessions.createSession({ runnerId })).rejects.toMatchObject({
    code: Code.FailedPrecondition,
    message: expect.stringContaining(sessionId),
  });
  const other = await talking(house);
  await say(house, other.sessionId, "!say Hello.");
  await house.runners.stopRunner({ runnerId: other.runnerId });
  await expect(house.sessions.resumeSession({ sessionId: other.sessionId, runnerId })).rejects.toMatchObject({
    message: expect.stringContaining("on a new runner"),
  });
});

test("kill -9 of the agent: its session is resumed on a new runner, with its history, and a copy of it too", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  const before = await say(house, sessionId, "The word is plum.\n!say Noted.\n!usage 10 5");
  const { runner } = await house.runners.getRunner({ runnerId });
  kill(Number(runner!.pid), "SIGKILL");
  await house.runners.waitRunner({ runnerId, statuses: [RunnerStatus.FAILED] });

  const resumed = await house.sessions.resumeSession({ sessionId });
  expect(resumed.session).toMatchObject({ id: sessionId, status: SessionStatus.IDLE });
  const after = await say(house, sessionId, "!say Plum.\n!usage 10 5");
  expect(remembered(house)).toContain("The word is plum.");
  expect(await answer(house, sessionId)).toBe("Noted.Plum.");
  expect(after.usage?.costNanos).toBe(before.usage?.costNanos);
  const { session } = await house.sessions.getSession({ sessionId });
  expect(session?.usage?.costNanos).toBe(2n * before.usage!.costNanos);

  const { session: copy } = await house.sessions.resumeSession({ sessionId, fork: true });
  expect(copy!.id).not.toBe(sessionId);
  const forked = await say(house, copy!.id, "!say A copy.\n!usage 10 5");
  expect(remembered(house)).toContain("The word is plum.");
  expect(forked.usage?.costNanos).toBe(before.usage?.costNanos);
  expect(await answer(house, sessionId)).toBe("Noted.Plum.");
});

test("a turn whose agent is killed has used what the model API had served by then", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  await say(house, sessionId, "!say First.\n!usage 10 5 3 2");
  const file = join(house.path, "read.txt");
  writeFileSync(file, "one\n");
  const text = `!usage 20 6 4 1\n${call("Read", { file_path: file })}\n!hang`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const answers = () => house.api.log.entries.filter(({ kind }) => kind === "answer");
  await expect.poll(() => answers().length).toBe(3);
  const { runner } = await house.runners.getRunner({ runnerId });
  kill(Number(runner!.pid), "SIGKILL");
  const ended = await over(house, sessionId, turn!.id);
  expect(ended).toMatchObject({ state: TurnState.FAILED, stopReason: "agent_ended" });
  expect(ended.usage?.inputTokens).toBeGreaterThan(20n);
  const { session } = await house.sessions.getSession({ sessionId });
  const served = house.api.log.total();
  expect(session?.usage).toMatchObject({
    inputTokens: BigInt(served.input),
    outputTokens: BigInt(served.output),
    cacheReadTokens: BigInt(served.cacheRead),
    cacheWriteTokens: BigInt(served.cacheWrite),
  });
});

test("a restart goes on with the session, also with one in which nothing was said", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  const restart = async () => {
    await house.runners.restartRunner({ runnerId, preserveSession: true });
    const statuses = [RunnerStatus.RUNNING, RunnerStatus.FAILED];
    const { runner } = await house.runners.waitRunner({ runnerId, statuses });
    expect(`${runner?.status} ${runner?.reason}`).toBe(`${RunnerStatus.RUNNING} `);
    await expect
      .poll(async () => (await house.sessions.getSession({ sessionId })).session?.status)
      .toBe(SessionStatus.IDLE);
  };
  await restart();
  await say(house, sessionId, "The word is plum.\n!say Noted.\n!usage 10 5");
  await restart();
  const turn = await say(house, sessionId, "!say Plum.\n!usage 10 5");
  expect(turn).toMatchObject({ state: TurnState.COMPLETED, usage: { inputTokens: 10n, outputTokens: 5n } });
  expect(remembered(house)).toContain("The word is plum.");
});

test("the model is the one asked for, and can be another one from the next turn on", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId, warnings } = await talking(house, { model: "claude-3-haiku", maxTokens: 777 });
  expect(warnings).toEqual(["the model claude-3-haiku is retired; Claude Code runs its current haiku"]);
  await say(house, sessionId, "!say Small.");
  const [first] = house.api.log.entries.filter(({ kind }) => kind === "answer");
  expect(first?.model).toMatch(/^claude-haiku-/);
  expect(first?.body).toMatchObject({ max_tokens: 777 });
  await house.runners.updateRunner({ runnerId, model: "opus" });
  await expect
    .poll(async () => (await house.runners.getRunner({ runnerId })).runner?.effectiveModel)
    .toMatch(/^claude-opus-/);
  await say(house, sessionId, "!say Large.");
  expect(house.api.log.entries.findLast(({ kind }) => kind === "answer")?.model).toMatch(/^claude-opus-/);
});

test("a session that Claude Code has lost is not resumed, and its runner says why", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  await say(house, sessionId, "!say Noted.");
  await house.runners.stopRunner({ runnerId });
  rmSync(join(house.folder, ".claude", "projects"), { recursive: true });
  await expect(house.sessions.resumeSession({ sessionId })).rejects.toMatchObject({
    code: Code.FailedPrecondition,
    message: expect.stringContaining("No conversation found"),
  });
  const { session } = await house.sessions.getSession({ sessionId });
  expect(session?.status).toBe(SessionStatus.RESUMABLE);
});

test("arguments that decide on the conversation are refused", async () => {
  const house = await claudeHouse();
  const spec = { agent: "claude", args: ["--resume=x"] };
  await expect(house.runners.createRunner({ projectName: "web", spec })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    message: expect.stringContaining("--resume=x"),
  });
});

test("a turn that the provider refuses fails with its reason, and the next one is answered", async () => {
  const house = await claudeHouse({ CLAUDE_CODE_MAX_RETRIES: "1" });
  const { sessionId } = await talking(house);
  const refusal = { failure: { type: "error", status: 401, message: "no such key" } } as const;
  house.api.enqueue(refusal, refusal);
  const failed = await say(house, sessionId, "Hello?");
  expect(failed).toMatchObject({ state: TurnState.FAILED, stopReason: "error" });
  expect(failed.error).toContain("no such key");
  expect(failed.error).toContain("log in once");
  expect(await say(house, sessionId, "!say Well.")).toMatchObject({ state: TurnState.COMPLETED });
});
