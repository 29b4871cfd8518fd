import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build, environment, install, root, StepError } from "./workspace.mjs";

/** Installs and builds what the command needs, then runs it; answers with its exit code. */
async function startWorkspace() {
  try {
    await install();
    await build(["stratavore"]);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  const program = join(root, "packages/cli/bin/stratavore.js");
  const args = [program, "quickstart", "--data-dir", join(root, ".stratavore"), ...process.argv.slice(2)];
  const child = spawn(join(root, "node_modules/.bin/node"), args, {
    cwd: root,
    env: environment(root),
    stdio: "inherit",
  });
  // Ctrl-C reaches the child by itself, and it is the child that ends in order.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const [code, signal] = await once(child, "exit");
  return code ?? (signal === null ? 0 : 1);
}

process.exitCode = await startWorkspace();
