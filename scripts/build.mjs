import { join } from "node:path";
import { environment } from "./environment.mjs";
import { root } from "./root.mjs";
import { runStep } from "./step.mjs";

/**
 * Builds what changed since it was last built.
 *
 * @param {string[]} [names] only these packages and those they depend on; default: all
 * @returns {Promise<void>} rejects with a StepError that holds the failing package's output
 */
export async function build(names = []) {
  await runStep({
    title: "Building",
    command: join(root, "node_modules/.bin/turbo"),
    args: ["run", "build", "imports", "--output-logs=new-only", ...names.map((name) => `--filter=${name}`)],
    cwd: root,
    env: environment(root),
    note: (line) => line.match(/^(\S+):build: cache/)?.[1],
  });
}
