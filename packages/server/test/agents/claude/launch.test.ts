import { expect, test } from "vitest";
import {
  claudeArguments,
  claudeEnvironment,
  currentModel,
  refusedArgument,
} from "../../../src/agents/index.js";
import { launch } from "./speech.js";

const spoken = [
  "-p",
  "--input-format=stream-json",
  "--output-format=stream-json",
  "--verbose",
  "--include-partial-messages",
  "--permission-prompt-tool=stdio",
];
const id = launch.agentSessionId;

test("a new conversation has the id that we give it, and asks for permissions", () => {
  expect(claudeArguments(launch, [])).toEqual([...spoken, "--permission-mode=default", `--session-id=${id}`]);
});

test("each value is part of its option", () => {
  expect(claudeArguments({ ...launch, model: "--dangerously-skip-permissions" }, [])).toContain(
    "--model=--dangerously-skip-permissions",
  );
});

test("a conversation goes on under its id, and a copy under another one", () => {
  const tail = (how: object) => claudeArguments({ ...launch, ...how }, []).slice(spoken.length + 1);
  expect(tail({ resumes: id })).toEqual([`--resume=${id}`]);
  expect(tail({ resumes: "other", model: "opus" })).toEqual([
    "--model=opus",
    "--resume=other",
    "--fork-session",
    `--session-id=${id}`,
  ]);
});

test.each([
  ["--permission-mode", "plan"],
  ["--permission-mode=acceptEdits"],
  ["--dangerously-skip-permissions"],
])("a permission mode that the user names stands: %s", (...added) => {
  expect(claudeArguments(launch, added)).not.toContain("--permission-mode=default");
});

test("what decides on the conversation is ours to say", () => {
  expect(refusedArgument(["--add-dir", "/x", "--max-turns=3"])).toBeUndefined();
  for (const arg of ["--", "-r", "-c", "--resume=x", "--output-format=text", "--session-id"]) {
    expect(refusedArgument(["--verbose", arg])).toBe(arg);
  }
});

test("the tokens of an answer are limited by its environment", () => {
  expect(claudeEnvironment(0)).toEqual({});
  expect(claudeEnvironment(4096)).toEqual({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: "4096" });
});

test.each([
  ["claude-3-sonnet", "sonnet"],
  ["claude-3-opus-20240229", "opus"],
  ["claude-3-5-haiku-latest", "haiku"],
  ["claude-3.7-sonnet", "sonnet"],
])("the retired model %s is today's %s, and that is said", (asked, model) => {
  expect(currentModel(asked)).toMatchObject({ model, warning: expect.stringContaining(asked) });
});

test.each(["", "sonnet", "claude-sonnet-5-5", "claude-3-opusculum", "claude-30-opus"])(
  "the model %j is taken as it is",
  (asked) => {
    expect(currentModel(asked)).toEqual({ model: asked });
  },
);
