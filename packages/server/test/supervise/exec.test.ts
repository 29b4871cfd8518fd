import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "./house.js";

const { FAILED, TERMINATED } = RunnerStatus;
type House = Awaited<ReturnType<typeof openHouse>>;

async function exec(house: House, script: string, more: Record<string, unknown> = {}) {
  const spec = { agent: "exec", args: ["/bin/sh", "-c", script], ...more };
  const { runner } = await house.runners.createRunner({ projectName: "p", spec });
  return runner!.id;
}

test.for([
  ["exit 0", TERMINATED, 0, "the agent ended by itself"],
  ["exit 3", FAILED, 3, "the agent ended by itself (exit code 3)"],
  ["kill -9 $$", FAILED, 137, "the agent ended by itself (exit code 137, as after SIGKILL)"],
] as const)("%s", async ([script, status, exitCode, reason]) => {
  const house = await openHouse();
  const id = await exec(house, script);
  expect(await house.status(id, status)).toMatchObject({ exitCode, reason });
});

test("both streams are recorded line by line, to the last line without an end", async () => {
  const house = await openHouse();
  const id = await exec(house, "echo one; echo two >&2; sleep 0.2; printf three");
  await house.status(id, TERMINATED);
  const [session] = (await house.sessions.listSessions({ runnerId: id })).sessions;
  expect(session!.status).toBe(SessionStatus.ENDED);
  const messages = await house.transcript(session!.id);
  const of = (stream: string) =>
    messages
      .filter(({ metadata }) => metadata.stream === stream)
      .map(({ content }) => content)
      .join("");
  expect(of("stdout")).toBe("one\nthree\n");
  expect(of("stderr")).toBe("two\n");
  expect(messages.every(({ inProgress }) => !inProgress)).toBe(true);
});

test("output that is not UTF-8 is shown as far as it can be, and said to be so once", async () => {
  const house = await openHouse();
  const id = await exec(house, "printf 'a\\377b\\n'; printf '\\377\\n'; echo fine");
  await house.status(id, TERMINATED);
  const [session] = (await house.sessions.listSessions({ runnerId: id })).sessions;
  const messages = await house.transcript(session!.id);
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
    "assistant: a\uFFFDb\n",
    expect.stringMatching(/^system: .*not UTF-8/),
    "assistant: \uFFFD\nfine\n",
  ]);
});

test("messages are lines of its input, and a prompt is the first of them", async () => {
  const house = await openHouse();
  const id = await exec(house, 'while read -r line; do echo "<$line>"; done', {
    input: true,
    prompt: "first",
  });
  await house.status(id, RunnerStatus.RUNNING);
  const { sessionId } = await house.runner(id);
  await expect.poll(() => house.answer(sessionId)).toBe("<first>\n");
  expect(await house.say(sessionId, "second")).toMatchObject({
    state: TurnState.COMPLETED,
    stopReason: "delivered",
  });
  await expect.poll(() => house.answer(sessionId)).toBe("<first>\n<second>\n");
  const image = {
    kind: { case: "blob" as const, value: { mimeType: "image/png", data: new Uint8Array([1]) } },
  };
  await expect(house.send(sessionId, "x", { parts: [image] })).rejects.toThrow(/parts\[0\].*text only/);
  await expect(house.sessions.createSession({ runnerId: id })).rejects.toThrow(/holds one session/);
});

test("a program without input takes no messages and no prompt, and is told so", async () => {
  const house = await openHouse();
  await expect(exec(house, "cat", { prompt: "hello" })).rejects.toThrow(/spec.prompt.*spec.input/);
  const id = await exec(house, "sleep 600");
  await house.status(id, RunnerStatus.RUNNING);
  const { sessionId } = await house.runner(id);
  await expect(house.send(sessionId, "hello")).rejects.toThrow(/spec.input/);
});

test("a program that cannot be run leaves no record", async () => {
  const house = await openHouse();
  for (const args of [["no-such-program"], ["/etc/passwd"], []]) {
    await expect(
      house.runners.createRunner({ projectName: "p", spec: { agent: "exec", args } }),
    ).rejects.toThrow();
  }
  expect((await house.runners.listRunners({})).runners).toEqual([]);
});

test("a project whose directory has gone takes no runners, and there is no record of one", async () => {
  const house = await openHouse();
  rmSync(house.project, { recursive: true });
  await expect(exec(house, "true")).rejects.toMatchObject({ code: Code.FailedPrecondition });
  expect((await house.runners.listRunners({})).totalCount).toBe(0);
});

test("a start that fails after it was recorded fails its runner with that reason", async () => {
  const house = await openHouse();
  const id = await exec(house, "true");
  await house.status(id, TERMINATED);
  const folder = join(house.dataDir, "runners", id);
  await expect.poll(() => existsSync(folder)).toBe(false);
  writeFileSync(folder, "");
  await house.runners.restartRunner({ runnerId: id });
  expect((await house.status(id, FAILED)).reason).toMatch(/could not be started: .*cannot be prepared/);
});
