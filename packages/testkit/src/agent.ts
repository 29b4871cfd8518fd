#!/usr/bin/env node
import { once } from "node:events";
import { createApp } from "./acp/app.js";
import { playFault } from "./acp/faults.js";
import { ProcessHost } from "./acp/process-host.js";
import { Prompts } from "./acp/prompt.js";
import { openStdio } from "./acp/stdio.js";
import { loadScript } from "./script/load.js";
import { ScriptError } from "./script/parse.js";
import type { Script } from "./script/script.js";
import { SessionFolder } from "./sessions/folder.js";
import { Sessions } from "./sessions/sessions.js";
import { Settings } from "./sessions/settings.js";

const defaultDelayMs = 40;

/** Serves one ACP client over standard input and output until the input ends. */
async function serve(script: Script): Promise<void> {
  const settings = new Settings(script);
  const sessions = new Sessions(new SessionFolder(process.env.STRATAVORE_TESTKIT_DIR), settings);
  const host = new ProcessHost(sessions);
  const prompts = new Prompts(sessions, script, host, script.delayMs ?? delayFromEnvironment());
  const { hang, ...fault } = script.on?.start ?? {};
  await playFault(fault, host);
  if (hang) return swallowInput();
  const stream = openStdio((requestId) => host.answered(requestId));
  const connection = createApp({ script, sessions, settings, prompts, host }).connect(stream);
  await connection.closed;
  host.inputEnded();
}

/** Reads everything and answers nothing until the input ends. */
async function swallowInput(): Promise<void> {
  process.stdin.resume();
  await once(process.stdin, "end");
}

function delayFromEnvironment(): number {
  const given = process.env.STRATAVORE_TESTKIT_DELAY_MS;
  if (!given) return defaultDelayMs;
  if (!/^\d{1,9}$/.test(given)) throw new ScriptError("STRATAVORE_TESTKIT_DELAY_MS takes milliseconds");
  return Number(given);
}

try {
  await serve(loadScript(process.env.STRATAVORE_TESTKIT_SCRIPT));
} catch (error) {
  if (!(error instanceof ScriptError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
