import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { expect, test } from "vitest";
import { agentEnvironment } from "../src/program.js";

test("the built package exports its names, and a program that exists", async () => {
  const library = await import(new URL("../dist/index.js", import.meta.url).href);
  expect(Object.keys(library).sort()).toEqual([
    "DirectiveError",
    "ScriptError",
    "agentEnvironment",
    "agentProgram",
    "directive",
    "directiveList",
    "modelDirective",
    "modelDirectiveList",
    "parseScript",
    "startModelApi",
  ]);
  const { command, args } = library.agentProgram;
  expect(command).toBe(process.execPath);
  expect(args.length).toBe(1);
  expect(isAbsolute(args[0])).toBe(true);
  expect(existsSync(args[0])).toBe(true);
});

test("the environment carries the options, and nothing that was not given", () => {
  expect(agentEnvironment({})).toEqual({});
  expect(agentEnvironment({ dir: "/d", delayMs: 0, script: { turns: ["!hang"] } })).toEqual({
    STRATAVORE_TESTKIT_DIR: "/d",
    STRATAVORE_TESTKIT_DELAY_MS: "0",
    STRATAVORE_TESTKIT_SCRIPT: '{"turns":["!hang"]}',
  });
  expect(() => agentEnvironment({ script: { turns: ["!nope"] } })).toThrow("unknown directive");
});
