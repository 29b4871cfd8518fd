import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadScript } from "../../src/script/load.js";
import { parseScript, ScriptError } from "../../src/script/parse.js";
import { temporaryFolder } from "../agent-process.js";

test("takes every field", () => {
  const script = {
    capabilities: { loadSession: false, fork: true },
    on: { start: { garbage: "hi" }, "session/new": { error: { code: 1, message: "no", data: [1] } } },
    turns: ["!say one", ""],
    delayMs: 0,
    models: [{ value: "a", name: "A" }],
    usage: false,
  };
  expect(parseScript(script)).toBe(script);
});

test.each([
  [null, "script takes an object"],
  [[], "script takes an object"],
  [{ turn: [] }, "script has no turn; it takes capabilities, on, turns"],
  [{ toString: 1 }, "script has no toString"],
  [{ capabilities: { resume: 1 } }, "script.capabilities.resume takes true or false"],
  [{ on: { "session/prmpt": {} } }, "script.on has no session/prmpt"],
  [{ on: { start: { error: { code: 1, message: "" } } } }, "script.on.start has no error"],
  [{ on: { initialize: { crash: 999 } } }, "script.on.initialize.crash takes an integer from 0 to 255"],
  [{ on: { initialize: { error: { code: 1 } } } }, "script.on.initialize.error needs message"],
  [{ turns: ["!say a", "hi\n!nope"] }, "script.turns[1], line 2: unknown directive !nope"],
  [{ turns: "!say a" }, "script.turns takes an array"],
  [{ models: [] }, "script.models takes at least one model"],
  [{ delayMs: -1 }, "script.delayMs takes an integer"],
])("refuses %j", (script, message) => {
  expect(() => parseScript(script)).toThrow(ScriptError);
  expect(() => parseScript(script)).toThrow(message);
});

test("is read from a file, from the variable itself, or is the demo", () => {
  const file = join(temporaryFolder(), "script.json");
  writeFileSync(file, '{"delayMs":7}');
  expect(loadScript(file)).toEqual({ delayMs: 7 });
  expect(loadScript('{"delayMs":8}')).toEqual({ delayMs: 8 });
  expect(loadScript("")).toEqual({});
  expect(loadScript(undefined)).toEqual({});
  expect(() => loadScript("/no/such/file")).toThrow(ScriptError);
  expect(() => loadScript("{")).toThrow("the script cannot be read");
});
