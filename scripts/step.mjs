import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { showProgress } from "./progress.mjs";

/** A step of a script that failed; its message, for people, ends with all that the program wrote. */
export class StepError extends Error {
  /** @override */
  name = "StepError";
}

/**
 * Runs a program without input and shows only that it runs, unless it fails.
 *
 * @param {object} step
 * @param {string} step.title for example "Installing packages"
 * @param {string} step.command
 * @param {string[]} step.args
 * @param {string} step.cwd
 * @param {NodeJS.ProcessEnv} step.env
 * @param {(line: string) => string | undefined} [step.note] what a line of its output tells about how far it is
 * @returns {Promise<void>} rejects with a StepError if the program cannot be started or ends with another code than 0
 */
export async function runStep({ title, command, args, cwd, env, note }) {
  const progress = showProgress(title);
  /** @type {string[]} */
  const output = [];
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      output.push(line);
      const text = note?.(line);
      if (text !== undefined) progress.note(text);
    });
  }
  /** @type {string | undefined} */
  const failure = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`),
    );
  });
  progress.end(failure === undefined);
  if (failure !== undefined) {
    throw new StepError([`${[command, ...args].join(" ")}: ${failure}`, ...output].join("\n"));
  }
}
