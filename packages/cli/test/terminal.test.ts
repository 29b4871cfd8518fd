import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import { expect, test } from "vitest";
import { testWorld, type World } from "./support/world.js";

const program = fileURLToPath(new URL("../bin/stratavore.js", import.meta.url));

/** Runs the command on a terminal; gives its exit code and all that the terminal received. */
function onTerminal(world: World, args: string[], env: NodeJS.ProcessEnv = {}) {
  const options = { cwd: world.project, cols: 120, env: { ...world.env, TERM: "xterm-256color", ...env } };
  const terminal = spawn(process.execPath, [program, ...args], options as never);
  let output = "";
  terminal.onData((data) => {
    output += data;
  });
  return new Promise<{ code: number; output: string }>((resolve) => {
    terminal.onExit(({ exitCode }) => resolve({ code: exitCode, output }));
  });
}

/** The lines that stay: one that was emptied from below is gone. */
const screenLines = (output: string): string[] =>
  output.split("\n").filter((_, index, lines) => !lines[index + 1]?.includes("\x1b[1A\x1b[2K"));

const colour = "\x1b[3";

test("a terminal gets a table with headings, short ids and colours", async () => {
  const world = testWorld();
  await world.startDaemon();
  const id = await world.ok("run", "--agent", "demo", "--no-follow");
  await expect.poll(() => world.ok("runners")).toContain("\trunning\t");
  const { output } = await onTerminal(world, ["runners"]);
  expect(output).toMatch(/RUNNER.*STATUS/);
  expect(output).toContain(id.slice(-8));
  expect(output).not.toContain(id);
  expect(output).toContain(`${colour}2mrunning`);
  const plain = await onTerminal(world, ["runners"], { NO_COLOR: "1" });
  expect(plain.output).toContain("running");
  expect(plain.output).not.toContain(colour);
});

test("what a search found stands out, in colour or between its marks, and steers no terminal", async () => {
  const world = testWorld();
  await world.startDaemon();
  await world.ok("run", "--agent", "demo", "--stop-when-done", "!say a\x1b[2J heron waits");
  const { output } = await onTerminal(world, ["search", "heron", "--role", "assistant"]);
  expect(output).toMatch(/#2 {2}my-project {2}assistant/);
  expect(output).toContain("a \x1b[1m\x1b[33mheron\x1b[39m\x1b[22m waits");
  expect(output).not.toContain("\x1b[2J");
  const plain = await onTerminal(world, ["search", "heron", "--role", "assistant"], { NO_COLOR: "1" });
  expect(plain.output).toContain("a «heron» waits");
  const listed = await onTerminal(world, ["sessions"]);
  expect(listed.output).toMatch(/SESSION.*MESSAGES.*LAST/);
  expect(listed.output).toContain(`${colour}3mresumable`);
});

test("a conversation: thinking is dim, a tool call is one line, what steers a terminal is left out", async () => {
  const world = testWorld();
  await world.startDaemon();
  const prompt = "!think Deep.\n!tool\n!say One \x1b]0;title\x07two\x1b[2Jthree";
  const { code, output } = await onTerminal(world, ["run", "--agent", "demo", "--stop-when-done", prompt]);
  expect(code).toBe(0);
  expect(output).toContain("\x1b[2mDeep.");
  expect(screenLines(output).filter((line) => line.includes(`List ${world.project}`))).toEqual([
    expect.stringContaining("✓"),
  ]);
  expect(output).toContain("One twothree");
  const piped = await world.ok("run", "--agent", "demo", "--stop-when-done", prompt);
  expect(piped).toContain("\x1b[2J");
});
