import { CommanderError } from "commander";
import { exitCodeOf, exitCodes, messageOf } from "./exit-codes.js";
import { createProgram } from "./program.js";

// Whoever reads the output may have seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? exitCodes.ok);
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong by itself.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    process.stderr.write(`stratavore: ${messageOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
