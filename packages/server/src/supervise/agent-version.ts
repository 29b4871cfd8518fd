import { execFile } from "node:child_process";
import { inheritedEnvironment } from "./environment.js";

/** What a program answers to `--version`: its first line, or nothing if it takes too long or does not say. */
export function agentVersion(path: string, source: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: 5_000, maxBuffer: 64 * 1024, env: inheritedEnvironment(source) };
    execFile(path, ["--version"], options, (error, stdout) => {
      resolve(error === null ? (stdout.trim().split("\n")[0] ?? "").slice(0, 100) : "");
    }).stdin?.end();
  });
}
