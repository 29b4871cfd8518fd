import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDaemonArguments } from "./options.js";
import type { StartReport } from "./report.js";
import { serveDaemon } from "./serve.js";

export { serveDaemon } from "./serve.js";

const isProgram = () => {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url);
};

/** Tells the process that started this one, if there is one that listens, and lets go of it. */
function reportToStarter(report: StartReport): void {
  if (!process.connected) return;
  // The starter may have gone in the meantime, which is no concern of a daemon.
  process.send?.(report, () => process.disconnect?.());
}

if (isProgram()) {
  process.on("error", () => {});
  process.exitCode = await serveDaemon(parseDaemonArguments(process.argv.slice(2)), reportToStarter);
}
