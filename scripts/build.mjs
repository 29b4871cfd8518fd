import { join } from "node:path";
import { environment } from "./environment.mjs";
import { root } from "./root.mjs";
import { runStep } from "./step.mjs";

/**
 * Builds every package that changed since it was last built.
 *
 * @returns {Promise<void>} rejects with a StepError that holds the failing package's output
 */
export async function build() {
  await runStep({
    title: "Building",
    command: join(root, "node_modules/.bin/turbo"),
    args: ["run", "build", "imports", "--output-logs=new-only"],
    cwd: root,
    env: environment(root),
    note: (line) => line.match(/^(\S+):build: cache/)?.[1],
  });
}
