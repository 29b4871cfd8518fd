import { LogLevel, StreamLogsResponseSchema } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { exitCodes } from "../exit-codes.js";
import { levelWord, logText } from "../output/log-text.js";
import { numberOption } from "../parse.js";
import { action } from "../session.js";

interface Options {
  follow?: boolean;
  level: string;
  tail?: number;
}

const levels = [LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR];

export const logsCommand = (): Command =>
  new Command("logs")
    .description("show what the daemon logged since its start; secrets are left out")
    .option("-f, --follow", "go on with new lines")
    .addOption(
      new Option("--level <level>", "the least severity").choices(levels.map(levelWord)).default("info"),
    )
    .option(
      "--tail <count>",
      "begin with so many lines of the past (default: 100)",
      numberOption({ min: 1, max: 2 ** 31 - 1 }),
    )
    .action(
      action(async ({ client, out, signal }, { follow, level, tail }: Options) => {
        const least = levels.find((each) => levelWord(each) === level);
        const lines = client.daemon.logs({ follow, level: least, tail }, { signal });
        try {
          for await (const line of lines) {
            if (out.json) out.message(StreamLogsResponseSchema, line);
            else out.line(logText(line, out.terminal));
          }
        } catch (error) {
          if (!signal.aborted) throw error;
          return exitCodes.interrupted;
        }
        return exitCodes.ok;
      }),
    );
