import { DirectiveError, parsePrompt } from "../directives/parse.js";
import { type Script, scriptedMethods } from "./script.js";

/** A script is not valid. The message names the field and says what it takes. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

type Check = (value: unknown, at: string) => void;

const boolean: Check = (value, at) => {
  if (typeof value !== "boolean") throw new ScriptError(`${at} takes true or false`);
};

const text: Check = (value, at) => {
  if (typeof value !== "string") throw new ScriptError(`${at} takes a string`);
};

const anything: Check = () => {};

function integer(min: number, max: number): Check {
  return (value, at) => {
    if (!(Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max)) {
      throw new ScriptError(`${at} takes an integer from ${min} to ${max}`);
    }
  };
}

function list(item: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) throw new ScriptError(`${at} takes an array`);
    for (const [index, each] of value.entries()) item(each, `${at}[${index}]`);
  };
}

function object(fields: Record<string, Check>, required: readonly string[] = []): Check {
  return (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ScriptError(`${at} takes an object`);
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) throw new ScriptError(`${at} needs ${name}`);
    }
    for (const [name, each] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!check) throw new ScriptError(`${at} has no ${name}; it takes ${Object.keys(fields).join(", ")}`);
      check(each, `${at}.${name}`);
    }
  };
}

const milliseconds = integer(0, 2_147_483_647);

const turn: Check = (value, at) => {
  text(value, at);
  try {
    parsePrompt(String(value));
  } catch (error) {
    if (error instanceof DirectiveError) throw new ScriptError(`${at}, ${error.message}`, { cause: error });
    throw error;
  }
};

const atStart = {
  stderr: text,
  garbage: text,
  delayMs: milliseconds,
  crash: integer(0, 255),
  hang: boolean,
  block: boolean,
};
const onMethod = object({
  ...atStart,
  error: object({ code: integer(-2_147_483_648, 2_147_483_647), message: text, data: anything }, [
    "code",
    "message",
  ]),
});

const script = object({
  capabilities: object({
    loadSession: boolean,
    resume: boolean,
    list: boolean,
    close: boolean,
    delete: boolean,
    fork: boolean,
    modes: boolean,
    configOptions: boolean,
    image: boolean,
    embeddedContext: boolean,
  }),
  on: object({
    start: object(atStart),
    ...Object.fromEntries(scriptedMethods.map((method) => [method, onMethod])),
  }),
  turns: list(turn),
  delayMs: milliseconds,
  models: list(object({ value: text, name: text }, ["value", "name"])),
  usage: boolean,
});

/** Checks that a value is a script, directives included. Throws {@link ScriptError}. */
export function parseScript(value: unknown): Script {
  script(value, "script");
  const { models } = value as Script;
  if (models?.length === 0) throw new ScriptError("script.models takes at least one model");
  return value as Script;
}
