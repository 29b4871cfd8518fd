import { resolve } from "node:path";
import { CreateBackupResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { exitCodes } from "../exit-codes.js";
import { shown } from "../output/style.js";
import { action } from "../session.js";

const examples = `
The daemon writes it, and goes on with its work meanwhile. To use it, stop the daemon and put the file in a data
directory as stratavore.db; what follows events by their ids must then begin anew.

Examples:
  stratavore backup                    a dated file among the backups of the data directory
  stratavore backup /mnt/usb/agents.db`;

export const backupCommand = (): Command =>
  new Command("backup")
    .description("write a copy of all that is on record")
    .argument("[file]", "where to; it must not exist yet")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, _: object, file?: string) => {
        const path = file === undefined ? "" : resolve(file);
        const answer = await client.daemon.backup({ path }, { signal });
        if (out.json) out.message(CreateBackupResponseSchema, answer);
        else if (out.terminal) out.line(`${shown(answer.path)}, ${size(answer.sizeBytes)}`);
        else out.line(answer.path);
        return exitCodes.ok;
      }),
    );

const size = (bytes: bigint) =>
  bytes < 1_048_576n
    ? `${(Number(bytes) / 1024).toFixed(0)} KiB`
    : `${(Number(bytes) / 1_048_576).toFixed(1)} MiB`;
