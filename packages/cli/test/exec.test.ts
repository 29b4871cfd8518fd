import { expect, test } from "vitest";
import { jsonLines, testWorld } from "./support/world.js";

interface Runners {
  runners: { id: string; status: string; exitCode?: number; reason: string; agent: string }[];
}

interface Transcript {
  messages: { content: string; metadata: Record<string, string> }[];
}

test("run --agent exec records lines, exit code and state, and ends with the command's own code", async () => {
  const world = testWorld();
  await world.startDaemon();
  const script = "echo one; echo two >&2; echo three; exit 7";
  const ended = await world.run(["run", "--agent", "exec", "--", "sh", "-c", script]);
  expect(ended.code).toBe(7);
  expect(ended.stdout.split("\n").sort()).toEqual(["", "one", "three", "two"]);
  expect(ended.stderr).toContain("Created project my-project");
  expect(ended.stderr).toContain("exit code 7");

  const { runners } = await world.json<Runners>("runners");
  expect(runners).toMatchObject([{ status: "RUNNER_STATUS_FAILED", exitCode: 7, agent: "exec" }]);
  const { messages } = await world.json<Transcript>("transcript", runners[0]!.id);
  const linesOn = (stream: string) =>
    messages
      .filter(({ metadata }) => metadata.stream === stream)
      .map(({ content }) => content)
      .join("");
  expect(linesOn("stdout")).toBe("one\nthree\n");
  expect(linesOn("stderr")).toBe("two\n");
});

test("a command that succeeds ends with 0; --json tells each step as a line", async () => {
  const world = testWorld();
  await world.startDaemon();
  const { code, stdout } = await world.run([
    "run",
    "--json",
    "--agent",
    "exec",
    "--",
    "echo",
    "a  b",
    "--json",
  ]);
  expect(code).toBe(0);
  const lines = jsonLines(stdout);
  expect(lines[0]).toMatchObject({ runner: { status: "RUNNER_STATUS_STARTING" } });
  expect(lines.at(-1)).toMatchObject({ runner: { status: "RUNNER_STATUS_TERMINATED", exitCode: 0 } });
  expect(JSON.stringify(lines)).toContain('"a  b --json\\n"');
});

test("a command that does not exist leaves no runner", async () => {
  const world = testWorld();
  await world.startDaemon();
  const { code, stderr } = await world.run(["run", "--agent", "exec", "--", "no-such-program"]);
  expect(code).toBe(6);
  expect(stderr).toContain("no-such-program");
  expect((await world.json<Runners>("runners")).runners).toEqual([]);
});
